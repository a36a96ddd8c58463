package io.hashlayers.dl4j;

import io.hashlayers.worker.optimizer.LearningRate;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/** Our learning rate of each step, as Deeplearning4j asks for it. Of plain fields, as {@link LanguageModelLayer}. */
final class RateSchedule implements ISchedule {
    @JsonProperty
    private double peak;

    @JsonProperty
    private long warmupSteps;

    @JsonProperty
    private Schedule schedule = Schedule.CONSTANT;

    @JsonProperty
    private double finalRatio;

    @JsonProperty
    private long steps;

    /** For Jackson and Kryo. */
    RateSchedule() {}

    /**
     * @param steps of the whole run
     */
    RateSchedule(OptimizerConfig optimizer, long steps) {
        this.peak = optimizer.learningRate();
        this.warmupSteps = optimizer.warmupSteps();
        this.schedule = optimizer.schedule();
        this.finalRatio = optimizer.finalLearningRateRatio();
        this.steps = steps;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return new LearningRate(optimizer(), steps).at(iteration + 1L);
    }

    private OptimizerConfig optimizer() {
        return new OptimizerConfig(peak, warmupSteps, schedule, finalRatio, 0, 0, 1, 0, 0);
    }

    @Override
    public ISchedule clone() {
        return new RateSchedule(optimizer(), steps);
    }
}
