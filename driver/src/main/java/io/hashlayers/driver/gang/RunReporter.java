package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.transformer.ModelConfig;
import java.time.Duration;
import java.util.List;

/**
 * Hears in the driver, in order, what a run does. Calls come from one thread at a time and should return soon: while one
 * lasts, later ones wait in memory.
 */
public interface RunReporter extends ProgressListener {
    /** What the run does before its first step, a short sentence; for people. */
    void note(String sentence);

    /** How the training text spreads over experts and ranks. */
    void sharded(BalanceReport balance);

    /** What the ranks will exchange. Not called for a model without experts. */
    void planned(RunPlan plan);

    /** How large the model is, and what the busiest process will hold in memory. */
    void sized(ModelConfig model, MemoryPlan memory);

    /** The run goes on behind this step; what it reported of later ones will come again. */
    void resumed(long step);

    /** All ranks have met; the first step follows. */
    void started(Gang gang);

    /**
     * What was really held, for comparison.
     *
     * @param peakBytes the most that was resident in each process; not empty
     */
    void measured(MemoryPlan memory, List<Long> peakBytes);

    /** The gang broke off; what becomes of the run follows. */
    void broke(GangFailure first);

    /**
     * The run goes on with another number of ranks than before, or than was asked for.
     *
     * @param ranks that it has now
     * @param asked that were asked for
     */
    void regrouped(int ranks, int asked);

    /**
     * The run diverged and is started again from its newest checkpoint, without the batch of a step.
     *
     * @param step that is left out
     * @param number of steps that are, this one included
     */
    void skipping(TrainingException cause, long step, int number);

    /**
     * The run failed and is started again from its newest checkpoint.
     *
     * @param number of restarts, this one included
     * @param pause before it
     */
    void restarting(TrainingException cause, int number, Duration pause);

    /** The run ended early; the same exception leaves {@link TrainingRun#run}. */
    void failed(TrainingException failure);

    /** The run reached its last step. */
    void finished(RunSummary summary);
}
