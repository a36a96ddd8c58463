package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.Moment;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** What a rank trains, where every element can be given a number that its tensor's name and its place determine. */
record RankState(Parameters parameters, Optimizer optimizer) {
    static RankState of(ModelConfig model, Collective collective, IntFunction<int[]> expertsOfRank) {
        Parameters parameters = Parameters.forTraining(model, layer -> expertsOfRank.apply(collective.rank()));
        var config = new OptimizerConfig(1e-3, 1, Schedule.LINEAR, 0, 0.9, 0.95, 1e-8, 0.1, 1);
        var optimizer =
                new Optimizer(config, 1, parameters.dense(), parameters.experts(), KernelsFactory.best(), collective);
        return new RankState(parameters, optimizer);
    }

    CheckpointTensors tensors() {
        return CheckpointTensors.of(parameters, optimizer);
    }

    void number() {
        values().forEach(value -> number(value.value(), value.name()));
        for (Moment moment : moments()) {
            moment.parameters().forEach(of -> number(of.gradientMemory(), of.name() + moment.kind()));
            moment.scatter();
        }
    }

    void requireNumbered() {
        values().forEach(value -> requireNumbered(value.value(), value.name()));
        for (Moment moment : moments()) {
            moment.gather();
            moment.parameters().forEach(of -> requireNumbered(of.gradientMemory(), of.name() + moment.kind()));
        }
    }

    List<Parameter> values() {
        return Stream.of(parameters.dense(), parameters.experts())
                .flatMap(group -> group.parameters().stream())
                .toList();
    }

    List<Moment> moments() {
        return Stream.of(optimizer.denseMoments(), optimizer.expertMoments())
                .flatMap(List::stream)
                .toList();
    }

    private static void number(Matrix matrix, String name) {
        for (int i = 0; i < matrix.size(); i++) {
            matrix.set(i / matrix.cols(), i % matrix.cols(), name.hashCode() % 1000 * 31f + i);
        }
    }

    private static void requireNumbered(Matrix matrix, String name) {
        for (int i = 0; i < matrix.size(); i++) {
            assertThat(matrix.get(i / matrix.cols(), i % matrix.cols())).isEqualTo(name.hashCode() % 1000 * 31f + i);
        }
    }
}
