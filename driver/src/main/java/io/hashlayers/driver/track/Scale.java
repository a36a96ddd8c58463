package io.hashlayers.driver.track;

import java.util.List;

/** Where values lie on an axis. */
public interface Scale {
    /** Where a value lies between the ends, 0 to 1 for what the scale covers. */
    double position(double value);

    /** The values with a mark and a number. */
    List<Double> ticks();
}
