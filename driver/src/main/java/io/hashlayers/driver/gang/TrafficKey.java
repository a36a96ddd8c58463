package io.hashlayers.driver.gang;

import java.io.Serializable;
import java.util.Comparator;

/**
 * Names the rows that one expert gets in a run of steps. Sorts by steps, then by expert. An ordinary class, because records
 * do not go through Kryo.
 */
final class TrafficKey implements Comparable<TrafficKey>, Serializable {
    private static final long serialVersionUID = 1L;
    private static final Comparator<TrafficKey> ORDER =
            Comparator.comparingInt(TrafficKey::chunk).thenComparingInt(TrafficKey::expert);

    private final int chunk;
    private final int expert;

    TrafficKey(int chunk, int expert) {
        this.chunk = chunk;
        this.expert = expert;
    }

    /** Number of the run of steps. */
    int chunk() {
        return chunk;
    }

    int expert() {
        return expert;
    }

    @Override
    public int compareTo(TrafficKey other) {
        return ORDER.compare(this, other);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TrafficKey that && chunk == that.chunk && expert == that.expert;
    }

    @Override
    public int hashCode() {
        return 31 * chunk + expert;
    }

    @Override
    public String toString() {
        return "expert " + expert + " in chunk " + chunk;
    }
}
