package io.hashlayers.driver.prepare;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A part of a file that one task reads: the lines that begin at {@code start} or later and before {@code end}, in bytes.
 *
 * <p>Only plain files of lines are cut. The length of the parts is a constant, so the same files are cut in the same way on
 * every cluster.
 */
record InputRange(InputFile file, long start, long end) implements Serializable {
    static final long BYTES = 64L << 20;

    /** The parts of the files, in order, each but the last of a file {@code bytes} long. */
    static List<InputRange> of(List<InputFile> files, long bytes) {
        List<InputRange> ranges = new ArrayList<>();
        for (InputFile file : files) {
            if (!file.divisible() || file.bytes() <= bytes) {
                ranges.add(new InputRange(file, 0, Long.MAX_VALUE));
                continue;
            }
            for (long start = 0; start < file.bytes(); start += bytes) {
                ranges.add(new InputRange(file, start, Math.min(start + bytes, file.bytes())));
            }
        }
        return ranges;
    }

    /** Says where a line is, for messages. */
    String place(long line, long offset) {
        return start == 0
                ? "line " + line
                : "line %d after byte %d (the line at byte %d)".formatted(line, start, offset);
    }
}
