package io.hashlayers.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import org.junit.jupiter.api.Test;

class BaselineRequestTest {
    private static final RunConfig RUN =
            SmallRun.run("run", "data", SmallRun.model(30, Activation.GELU), 10, 0); // of 4 sequences a batch

    @Test
    void takesTheDenseTwin() {
        ModelConfig sparse =
                new ModelConfig(30, 8, 2, 12, 20, 3, Activation.GELU, 0, MixtureConfig.hash(List.of(1), 4, 1));

        var request = new BaselineRequest(RUN.of(sparse), 2, 5, "", false);

        assertThat(request.config().model().sparseLayers()).isEmpty();
        assertThat(request.config().model()).isEqualTo(sparse.dense());
    }

    @Test
    void takesAsManyWorkersAsShareTheBatch() {
        assertThat(new BaselineRequest(RUN, 0, 5, "", false).workersOn(3)).isEqualTo(2);
        assertThat(new BaselineRequest(RUN, 0, 5, "", false).workersOn(16)).isEqualTo(4);
        assertThat(new BaselineRequest(RUN, 1, 5, "", false).workersOn(16)).isEqualTo(1);
    }

    @Test
    void refusesWhatDeeplearning4jDoesNotHave() {
        ModelConfig dropping =
                new ModelConfig(30, 8, 2, 12, 20, 3, Activation.GELU, 0.1, MixtureConfig.hash(List.of(), 1, 1));
        refused("model.dropout is 0.1", () -> new BaselineRequest(RUN.of(dropping), 0, 5, "", false));
        refused("train.ranks = 3", () -> new BaselineRequest(RUN, 3, 5, "", false));
        refused("--averaging-frequency is 0", () -> new BaselineRequest(RUN, 0, 0, "", false));
        refused("train.accumulate-batches is 2", () -> new BaselineRequest(accumulating(10), 0, 5, "", false));
        refused("train.steps is 3000000000", () -> new BaselineRequest(training(3_000_000_000L, 1), 0, 5, "", false));
    }

    private static void refused(String what, Runnable request) {
        assertThatThrownBy(request::run)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(what);
    }

    private static RunConfig accumulating(long steps) {
        return training(steps, 2);
    }

    private static RunConfig training(long steps, int accumulateBatches) {
        return new RunConfig(
                "run",
                "data",
                RUN.model(),
                RUN.table(),
                RUN.optimizer(),
                new TrainConfig(steps, 4, accumulateBatches, false, 1, 0, 0, 0, 30),
                "nd4j");
    }
}
