package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Runs of bytes that make up one message, in order; refilled for every message, and grown only at first. */
final class Segments {
    private ByteBuffer[] memory = new ByteBuffer[4];
    private int[] starts = new int[4];
    private int[] lengths = new int[4];
    private int count;
    private long bytes;

    void clear() {
        count = 0;
        bytes = 0;
    }

    void add(ByteBuffer buffer, int start, int length) {
        if (length == 0) {
            return;
        }
        if (count == starts.length) {
            memory = Arrays.copyOf(memory, 2 * count);
            starts = Arrays.copyOf(starts, 2 * count);
            lengths = Arrays.copyOf(lengths, 2 * count);
        }
        memory[count] = buffer;
        starts[count] = start;
        lengths[count] = length;
        count++;
        bytes += length;
    }

    long bytes() {
        return bytes;
    }

    /** The memory of the first run. */
    ByteBuffer memory() {
        return memory[0];
    }

    /** Byte position of the first run in {@link #memory()}. */
    int start() {
        return starts[0];
    }

    /** Copies these bytes, run after run, to those of {@code target}, which are as many. */
    void copyTo(Segments target) {
        int to = 0;
        int filled = 0;
        for (int from = 0; from < count; from++) {
            int done = 0;
            while (done < lengths[from]) {
                int run = Math.min(lengths[from] - done, target.lengths[to] - filled);
                target.memory[to].put(target.starts[to] + filled, memory[from], starts[from] + done, run);
                done += run;
                filled += run;
                if (filled == target.lengths[to]) {
                    to++;
                    filled = 0;
                }
            }
        }
    }
}
