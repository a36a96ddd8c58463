package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.transformer.Parameter;
import io.hashlayers.worker.transformer.ParameterGroup;
import io.hashlayers.worker.transformer.Parameters;
import java.util.List;
import java.util.stream.Stream;

/**
 * What one rank holds of a checkpoint.
 *
 * @param dense the replicated parameters; rank 0 writes them, what other ranks give is not used
 * @param experts parameters of the experts of this rank
 * @param denseOptimizer optimizer state of the dense parameters; as these
 * @param expertOptimizer optimizer state of this rank's experts
 */
public record CheckpointTensors(
        List<NamedTensor> dense,
        List<NamedTensor> experts,
        List<NamedTensor> denseOptimizer,
        List<NamedTensor> expertOptimizer) {
    /** Suffixes of Adam's moments, as PyTorch calls them. */
    private static final String FIRST_MOMENT = ".exp_avg";

    private static final String SECOND_MOMENT = ".exp_avg_sq";

    public CheckpointTensors {
        dense = List.copyOf(dense);
        experts = List.copyOf(experts);
        denseOptimizer = List.copyOf(denseOptimizer);
        expertOptimizer = List.copyOf(expertOptimizer);
    }

    /** Values and, if they were allocated for training, Adam moments of a rank's parameters. */
    public static CheckpointTensors of(Parameters parameters) {
        return new CheckpointTensors(
                values(parameters.dense()),
                values(parameters.experts()),
                parameters.training() ? moments(parameters.dense()) : List.of(),
                parameters.training() ? moments(parameters.experts()) : List.of());
    }

    private static List<NamedTensor> values(ParameterGroup group) {
        return group.parameters().stream()
                .map(parameter -> new NamedTensor(parameter.name(), parameter.value()))
                .toList();
    }

    private static List<NamedTensor> moments(ParameterGroup group) {
        return group.parameters().stream().flatMap(CheckpointTensors::moments).toList();
    }

    private static Stream<NamedTensor> moments(Parameter parameter) {
        return Stream.of(
                new NamedTensor(parameter.name() + FIRST_MOMENT, parameter.firstMoment()),
                new NamedTensor(parameter.name() + SECOND_MOMENT, parameter.secondMoment()));
    }

    /**
     * Reads all of these tensors from a checkpoint, whatever number of ranks wrote it.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} if one is missing, damaged or of another shape
     */
    public void readFrom(CheckpointReader checkpoint) {
        Stream.of(dense, experts, denseOptimizer, expertOptimizer)
                .flatMap(List::stream)
                .forEach(tensor -> checkpoint.read(tensor.name(), tensor.values()));
    }
}
