package io.hashlayers.driver.gang;

import java.util.List;

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
 * @param fewestRanks that it had, with that driver
 * @param skippedSteps whose batches were left out, because the run diverged with them
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
        int restarts,
        int fewestRanks,
        List<Long> skippedSteps) {
    public RunSummary {
        skippedSteps = List.copyOf(skippedSteps);
    }

    /** Of a run that nothing disturbed. */
    public RunSummary(
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
            String tableDigest) {
        this(
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
                0,
                worldSize,
                List.of());
    }

    /** The same after so many restarts, of which one had no more ranks than this. */
    RunSummary after(int more, int fewest) {
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
                restarts + more,
                Math.min(fewestRanks, fewest),
                skippedSteps);
    }
}
