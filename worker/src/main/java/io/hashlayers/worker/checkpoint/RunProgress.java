package io.hashlayers.worker.checkpoint;

import java.util.List;

/**
 * What a run has added up until a checkpoint, and a resumed run goes on with. It is for reports, but for the last two, which
 * tell what is left out.
 *
 * @param trainingSeconds of all steps
 * @param maxVioSum of all steps
 * @param droppedSum shares of dropped choices of all steps
 * @param perplexity on the validation split after the step of the checkpoint, -1 if it was not evaluated then
 * @param loads rows of each expert of each sparse layer since the last evaluation
 * @param recentLosses of the last steps, the oldest first, if the next ones are compared with them
 * @param skipped steps that the run leaves out as far as it knew, also those to come
 */
public record RunProgress(
        double trainingSeconds,
        double maxVioSum,
        double droppedSum,
        double perplexity,
        List<List<Long>> loads,
        List<Double> recentLosses,
        List<Long> skipped) {
    /** Of a run that has not begun. */
    public static final RunProgress NONE = new RunProgress(0, 0, 0, -1, List.of(), List.of(), List.of());

    public RunProgress {
        loads = loads.stream().map(List::copyOf).toList();
        recentLosses = List.copyOf(recentLosses);
        skipped = List.copyOf(skipped);
    }
}
