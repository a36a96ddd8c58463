package io.hashlayers.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.optimizer.LearningRate;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.schedule.ISchedule;

class RateScheduleTest {
    @ParameterizedTest
    @EnumSource(Schedule.class)
    void iterationsFromZeroHaveTheRatesOfStepsFromOne(Schedule kind) {
        var config = new OptimizerConfig(2e-3, 4, kind, 0.1, 0.9, 0.95, 1e-8, 0.01, 1);
        ISchedule schedule = new RateSchedule(config, 20).clone();

        for (int step = 1; step <= 20; step++) {
            assertThat(schedule.valueAt(step - 1, 0)).isEqualTo(new LearningRate(config, 20).at(step));
        }
    }
}
