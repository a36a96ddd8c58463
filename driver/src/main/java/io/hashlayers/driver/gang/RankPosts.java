package io.hashlayers.driver.gang;

import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.StepMetrics;
import java.io.Serializable;
import java.util.List;

/** Posts the progress of rank 0 to the driver. */
final class RankPosts implements ProgressListener {
    private final String run;

    RankPosts(String run) {
        this.run = run;
    }

    void met(List<Introduction> ranks) {
        post(new RankMessage.Met(ranks));
    }

    @Override
    public void step(StepMetrics metrics) {
        post(new RankMessage.Stepped(metrics));
    }

    @Override
    public void evaluation(EvaluationMetrics metrics) {
        post(new RankMessage.Evaluated(metrics));
    }

    @Override
    public void checkpoint(long step, String path) {
        post(new RankMessage.Saved(step, path));
    }

    /** Tells what this process held at most, where that is known. */
    void resident(String executor) {
        ResidentMemory.peakBytes()
                .ifPresent(bytes ->
                        ExecutorMailbox.deliver(new RankMessage(run, new RankMessage.Resident(executor, bytes))));
    }

    /** Returns when the driver has the result and all that was posted before it. */
    void finished(Serializable result) {
        ExecutorMailbox.deliver(new RankMessage(run, new RankMessage.Finished(result)));
    }

    private void post(RankMessage.Event event) {
        ExecutorMailbox.post(new RankMessage(run, event));
    }
}
