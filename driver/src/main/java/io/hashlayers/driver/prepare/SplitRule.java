package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.DatasetFiles;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Which split a document belongs to: equal texts go to the same, whatever their place, so no text of the training split is
 * in another. The split is a hash of the text (FNV-1a, then mixed) and the seed. Immutable.
 */
final class SplitRule implements Serializable {
    /** Splits by their numbers. */
    static final List<String> SPLITS = List.of(DatasetFiles.TRAIN, DatasetFiles.VALID, DatasetFiles.TEST);

    static final int TRAIN = 0;
    static final int VALID = 1;
    static final int TEST = 2;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final long MIX = 0xD6E8FEB86659FD93L;

    private final double validFraction;
    private final double testFraction;
    private final long seed;

    SplitRule(double validFraction, double testFraction, long seed) {
        this.validFraction = validFraction;
        this.testFraction = testFraction;
        this.seed = seed;
    }

    int splitOf(String text) {
        return splitOf(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The number of the split of a text, given as UTF-8. */
    int splitOf(byte[] text) {
        long hash = FNV_OFFSET ^ seed;
        for (byte value : text) {
            hash = (hash ^ (value & 0xFF)) * FNV_PRIME;
        }
        hash = (hash ^ (hash >>> 32)) * MIX;
        double point = ((hash ^ (hash >>> 32)) >>> 11) * 0x1p-53;
        if (point < validFraction) {
            return VALID;
        }
        return point < validFraction + testFraction ? TEST : TRAIN;
    }
}
