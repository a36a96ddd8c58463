package io.hashlayers.driver.gang;

/**
 * The quality of a checkpoint on one split.
 *
 * @param unigramPerplexity of the same tokens under the token frequencies of the dataset's training split
 * @param tokens predicted
 */
public record EvaluationSummary(
        long step,
        String split,
        double perplexity,
        double bitsPerByte,
        double unigramPerplexity,
        long tokens,
        double tokensPerSecond,
        int worldSize) {}
