package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.ContentDigest;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.List;

/**
 * One feature and one table: every row visits the {@code k} experts that the table has for its value.
 *
 * @param feature what of a row is hashed
 * @param table experts of each value of the feature
 */
public record TokenHash(TokenFeature feature, ExpertTable table) implements ExpertHash {
    @Override
    public int numExperts() {
        return table.numExperts();
    }

    @Override
    public int unitsPerExpert() {
        return 1;
    }

    @Override
    public int choices() {
        return table.expertsPerToken();
    }

    @Override
    public List<TokenHash> parts() {
        return List.of(this);
    }

    @Override
    public void requireVocabulary(int vocabularySize, int sequenceLength) {
        int expected = feature.size(vocabularySize, sequenceLength);
        if (table.values() != expected) {
            throw new TrainingException(
                    Failure.DATA,
                    "the expert table has %d values, the feature %s of a vocabulary of %d in sequences of %d has %d; use the table that was built for this dataset"
                            .formatted(table.values(), feature.name(), vocabularySize, sequenceLength, expected));
        }
    }

    @Override
    public void expertsOf(TokenRows batch, int rows, int[] experts) {
        int k = table.expertsPerToken();
        requireReadable(batch, rows);
        requireLength(experts.length, (long) rows * k, "experts");
        for (int row = 0; row < rows; row++) {
            table.copyExperts(valueAt(batch, row), experts, row * k);
        }
    }

    @Override
    public void countRows(TokenRows batch, int rows, int[] counts) {
        requireReadable(batch, rows);
        requireLength(counts.length, table.numExperts(), "counts");
        for (int row = 0; row < rows; row++) {
            int value = valueAt(batch, row);
            for (int choice = 0; choice < table.expertsPerToken(); choice++) {
                counts[table.expert(value, choice)]++;
            }
        }
    }

    @Override
    public long[] loads(long[][] counts) {
        if (counts.length != 1) {
            throw new IllegalArgumentException("counts of " + counts.length + " tables, there is 1");
        }
        return table.loads(counts[0]);
    }

    @Override
    public String digest() {
        ContentDigest digest = new ContentDigest();
        addTo(digest);
        return digest.finish();
    }

    /** Adds the feature's name and all of the table to a digest. */
    void addTo(ContentDigest digest) {
        int[] name = feature.name().chars().toArray();
        digest.add(name.length).add(name);
        digest.add(table.values(), table.numExperts(), table.expertsPerToken()).add(table.toTid2eid());
    }

    /** Requires that a batch has what the feature reads, for so many rows. */
    void requireReadable(TokenRows batch, int rows) {
        requireLength(batch.tokens().length, rows, "tokens");
        if (feature.leaks()) {
            requireLength(batch.targets().length, rows, "targets");
        }
        if (feature.needsPrediction()) {
            requireLength(batch.predicted().length, rows, "predicted");
        }
    }

    /** Returns the value of a row, which the table has. */
    int valueAt(TokenRows batch, int row) {
        int value = feature.valueAt(batch, row);
        if (value < 0 || value >= table.values()) {
            throw new TrainingException(
                    Failure.DATA,
                    "row %d of the batch, token %d, has %s %d and the expert table has values 0 to %d; use the table that was built for this dataset"
                            .formatted(row, batch.tokens()[row], feature.name(), value, table.values() - 1));
        }
        return value;
    }

    static void requireLength(int actual, long required, String what) {
        if (actual < required) {
            throw new IllegalArgumentException(what + " has " + actual + " entries, needs " + required);
        }
    }
}
