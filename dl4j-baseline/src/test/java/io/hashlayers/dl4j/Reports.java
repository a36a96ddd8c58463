package io.hashlayers.dl4j;

import io.hashlayers.driver.gang.SilentReporter;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.util.ArrayList;
import java.util.List;

/** Keeps the steps and evaluations that a run reports. */
final class Reports extends SilentReporter {
    final List<StepMetrics> steps = new ArrayList<>();
    final List<EvaluationMetrics> evaluations = new ArrayList<>();

    @Override
    public synchronized void step(StepMetrics metrics) {
        steps.add(metrics);
    }

    @Override
    public synchronized void evaluation(EvaluationMetrics metrics) {
        evaluations.add(metrics);
    }
}
