package io.hashlayers.driver.gang;

/**
 * What came of a training run, for its {@code summary.json}.
 *
 * @param validPerplexity of the last step on the validation split
 * @param validBitsPerByte the same loss per byte of text, so that dictionaries compare
 * @param unigramPerplexity of the validation split under the token frequencies of the training split
 * @param tokensPerSecond over all steps without evaluations and checkpoints, all ranks together
 * @param maxVio mean over the steps
 * @param droppedShare of the choices of tokens, those that experts had no room for, mean over the steps; 0 for a hash
 * @param tableDigest {@code "none"} for a dense model
 * @param restarts of the run after failures, by the driver that ended it
 */
public record RunSummary(
        double validPerplexity,
        double validBitsPerByte,
        double unigramPerplexity,
        long steps,
        long tokens,
        double tokensPerSecond,
        int worldSize,
        double maxVio,
        double droppedShare,
        String tokenizerDigest,
        String datasetDigest,
        String tableDigest,
        int restarts) {
    /** The same after so many restarts. */
    RunSummary after(int more) {
        return new RunSummary(
                validPerplexity,
                validBitsPerByte,
                unigramPerplexity,
                steps,
                tokens,
                tokensPerSecond,
                worldSize,
                maxVio,
                droppedShare,
                tokenizerDigest,
                datasetDigest,
                tableDigest,
                restarts + more);
    }
}
