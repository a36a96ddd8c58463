package io.hashlayers.worker.checkpoint;

import java.util.List;

/**
 * What a run has added up until a checkpoint, for its reports: a resumed run goes on with it. No step depends on it.
 *
 * @param trainingSeconds of all steps
 * @param maxVioSum of all steps
 * @param droppedSum shares of dropped choices of all steps
 * @param perplexity on the validation split after the step of the checkpoint, -1 if it was not evaluated then
 * @param loads rows of each expert of each sparse layer since the last evaluation
 */
public record RunProgress(
        double trainingSeconds, double maxVioSum, double droppedSum, double perplexity, List<List<Long>> loads) {
    /** Of a run that has not begun. */
    public static final RunProgress NONE = new RunProgress(0, 0, 0, -1, List.of());

    public RunProgress {
        loads = loads.stream().map(List::copyOf).toList();
    }
}
