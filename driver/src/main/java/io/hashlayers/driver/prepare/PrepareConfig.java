package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a dataset is made of.
 *
 * @param inputs files, folders or globs, any Hadoop paths
 * @param format {@code auto}, {@code lines}, {@code blank-line}, {@code jsonl} or {@code parquet}
 * @param textField of a JSON line, or column of a Parquet file
 * @param vocabularySize {@code V} of a dictionary to be trained
 * @param tokenizer existing tokenizer.json, or empty to train one
 * @param validFraction share of the documents for validation
 * @param testFraction share of the documents for the final test
 * @param seed of the split
 * @param outputDir the dataset's folder
 * @param overwrite whether a dataset of other settings in that folder is replaced
 */
public record PrepareConfig(
        List<String> inputs,
        String format,
        String textField,
        int vocabularySize,
        String tokenizer,
        double validFraction,
        double testFraction,
        long seed,
        String outputDir,
        boolean overwrite)
        implements Serializable {
    /** The special token and the 256 bytes. */
    static final int LEAST_VOCABULARY = 257;

    private static final List<String> FORMATS = List.of("auto", "lines", "blank-line", "jsonl", "parquet");

    public PrepareConfig {
        inputs = List.copyOf(inputs);
        if (!FORMATS.contains(format)) {
            throw user("prepare.format is \"" + format + "\"; set it to one of " + String.join(", ", FORMATS));
        }
        if (tokenizer.isEmpty() && vocabularySize < LEAST_VOCABULARY) {
            throw user("prepare.vocabulary-size is " + vocabularySize + "; the bytes and the end of text alone need "
                    + LEAST_VOCABULARY);
        }
        if (!(validFraction >= 0 && testFraction >= 0 && validFraction + testFraction <= 1)) {
            throw user("prepare.valid-fraction is " + validFraction + " and prepare.test-fraction " + testFraction
                    + "; set both to 0 or more and their sum to at most 1");
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }

    /**
     * All that the dataset depends on, for the manifest.
     *
     * @param dictionary the digest of a given tokenizer.json, wherever it lies, or how one is learned
     */
    Map<String, String> settings(String inputFingerprint, String dictionary) {
        Map<String, String> settings = new TreeMap<>();
        settings.put("input", inputFingerprint);
        settings.put("format", format);
        settings.put("text_field", textField);
        settings.put("tokenizer", dictionary);
        settings.put("valid_fraction", Double.toString(validFraction));
        settings.put("test_fraction", Double.toString(testFraction));
        settings.put("seed", Long.toString(seed));
        return settings;
    }
}
