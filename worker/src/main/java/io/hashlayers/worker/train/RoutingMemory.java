package io.hashlayers.worker.train;

import java.util.Arrays;

/**
 * Remembers which expert each row of an evaluation visited, to tell how many visit another one in the next: the fluctuation of
 * StableMoE (arXiv 2204.08396, section 2.3). A hash has none. Rows are this rank's, in the order in which it reads them, and of a
 * large split the first ones alone.
 */
final class RoutingMemory {
    /** Most experts that are remembered: 16 MiB. */
    private static final long MOST = 1 << 22;

    /** Before the first evaluation, and of a row that an expert had no room for. */
    private static final int NOWHERE = -1;

    private final int sparseLayers;
    private final int[] visited; // now, [R] of a batch
    private int[] before = new int[0]; // [batches, sparse layers, R]
    private int next;
    private long compared;
    private long changed;

    /** Tells which expert each row of a layer visited last. */
    interface Visits {
        /**
         * Copies them, or -1 for a row that no expert had room for.
         *
         * @param layer counts sparse layers
         * @param experts from {@code offset} on, [R]
         */
        void copyExperts(int layer, int[] experts, int offset);
    }

    /**
     * @param rows of a batch on this rank
     */
    RoutingMemory(int sparseLayers, int rows) {
        this.sparseLayers = sparseLayers;
        this.visited = new int[rows];
    }

    /** Begins an evaluation of so many batches. */
    void begin(long batches) {
        int ofBatch = sparseLayers * visited.length;
        int length = ofBatch == 0 ? 0 : (int) Math.min(batches, MOST / ofBatch) * ofBatch;
        if (before.length != length) {
            before = new int[length];
            Arrays.fill(before, NOWHERE);
        }
        next = 0;
        compared = 0;
        changed = 0;
    }

    /**
     * Compares a batch with the same one of the evaluation before, and remembers it.
     *
     * @param targets of its rows; those with a negative one do not count
     */
    void add(Visits visits, int[] targets) {
        for (int layer = 0; layer < sparseLayers && next < before.length; layer++) {
            visits.copyExperts(layer, visited, 0);
            for (int row = 0; row < visited.length; row++) {
                if (targets[row] >= 0 && before[next] != NOWHERE && visited[row] != NOWHERE) {
                    compared++;
                    changed += before[next] == visited[row] ? 0 : 1;
                }
                before[next++] = visited[row];
            }
        }
    }

    /** Rows of layers that were compared: those that visited an expert both times. */
    long compared() {
        return compared;
    }

    /** Those of them that visited another expert. */
    long changed() {
        return changed;
    }
}
