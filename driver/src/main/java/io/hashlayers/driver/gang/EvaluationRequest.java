package io.hashlayers.driver.gang;

import java.util.OptionalLong;

/**
 * What {@link EvaluationRun} is asked to do.
 *
 * @param runDir folder of the run that trained the model
 * @param step of the checkpoint, or empty for the newest
 * @param datasetDir prepared with the same tokenizer
 * @param split train, valid or test
 * @param batchSequences sequences of a global batch of the training, over all ranks
 * @param accumulateBatches micro-batches of that: all ranks read a micro-batch at once
 * @param ranks {@code W}, or 0 for as many as the cluster has slots and the batch allows
 * @param kernels {@code auto}, {@code vector} or {@code nd4j}
 * @param timeoutSeconds longest wait for another rank
 */
public record EvaluationRequest(
        String runDir,
        OptionalLong step,
        String datasetDir,
        String split,
        int batchSequences,
        int accumulateBatches,
        int ranks,
        String kernels,
        int timeoutSeconds) {}
