package io.hashlayers.worker.train;

/** Hears what rank 0 does; called on the rank's thread, so it must return at once. */
public interface ProgressListener {
    void step(StepMetrics metrics);

    void evaluation(EvaluationMetrics metrics);

    /** A checkpoint of this step exists at {@code path}. */
    void checkpoint(long step, String path);
}
