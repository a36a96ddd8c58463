package io.hashlayers.driver.gang;

import java.util.OptionalDouble;

/**
 * The quality of a checkpoint on one split.
 *
 * @param unigramPerplexity of the same tokens under the token frequencies of the dataset's training split; empty if that
 *     split has no tokens
 * @param tokens predicted
 */
public record EvaluationSummary(
        long step,
        String split,
        double perplexity,
        double bitsPerByte,
        OptionalDouble unigramPerplexity,
        long tokens,
        double tokensPerSecond,
        int worldSize) {}
