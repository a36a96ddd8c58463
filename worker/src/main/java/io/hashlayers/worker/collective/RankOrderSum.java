package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Adds up the parts of all ranks where they lie, in rank order, block by block through arrays that stay in the first-level
 * cache: the compiler vectorizes loops over arrays, not over buffers.
 */
final class RankOrderSum {
    private static final int BLOCK = 2048; // floats
    private static final int VIEWS = Lane.OVERLAPPING.buffers(); // as many memories as messages come in

    private final float[] sum = new float[BLOCK];
    private final float[] part = new float[BLOCK];
    private final Part[] parts;
    private final Part target = new Part();

    /** Floats in some memory. Views of it are kept for the next time: messages and pieces lie where earlier ones did. */
    private static final class Part {
        private final @Nullable ByteBuffer[] memories = new ByteBuffer[VIEWS];
        private final FloatBuffer[] views = new FloatBuffer[VIEWS];
        private FloatBuffer floats = FloatBuffer.allocate(0);
        private int start;
        private int oldest;

        @SuppressWarnings("ReferenceEquality") // equals would compare the bytes
        void show(ByteBuffer bytes, int offset) {
            start = offset / Float.BYTES;
            for (int i = 0; i < VIEWS; i++) {
                if (memories[i] == bytes) {
                    floats = views[i];
                    return;
                }
            }
            floats = bytes.duplicate().clear().order(ByteOrder.nativeOrder()).asFloatBuffer();
            memories[oldest] = bytes;
            views[oldest] = floats;
            oldest = (oldest + 1) % VIEWS;
        }
    }

    RankOrderSum(int worldSize) {
        parts = new Part[worldSize];
        for (int rank = 0; rank < worldSize; rank++) {
            parts[rank] = new Part();
        }
    }

    /** Says where the part of a rank lies, at a multiple of 4 bytes. */
    void part(int rank, ByteBuffer memory, int offset) {
        parts[rank].show(memory, offset);
    }

    /** Writes the sum of all parts; it may go where one of them lies. */
    void write(ByteBuffer memory, int offset, int floats) {
        target.show(memory, offset);
        for (int at = 0; at < floats; at += BLOCK) {
            int count = Math.min(BLOCK, floats - at);
            read(parts[0], at, sum, count);
            for (int rank = 1; rank < parts.length; rank++) {
                read(parts[rank], at, part, count);
                add(count);
            }
            target.floats.put(target.start + at, sum, 0, count);
        }
    }

    private static void read(Part from, int at, float[] block, int count) {
        from.floats.get(from.start + at, block, 0, count);
    }

    private void add(int count) {
        for (int i = 0; i < count; i++) {
            sum[i] += part[i];
        }
    }
}
