package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.transformer.Parameters;
import java.util.List;
import java.util.stream.Stream;

/** What one rank holds of a checkpoint: values and, if it trains, the optimizer's state. */
public final class CheckpointTensors {
    private final List<NamedTensor> dense;
    private final List<NamedTensor> experts;
    private final List<MomentTensors> denseMoments;
    private final List<MomentTensors> expertMoments;

    private CheckpointTensors(
            Parameters parameters, List<MomentTensors> denseMoments, List<MomentTensors> expertMoments) {
        this.dense = values(parameters.dense());
        this.experts = values(parameters.experts());
        this.denseMoments = denseMoments;
        this.expertMoments = expertMoments;
    }

    /** The values of a rank's parameters. */
    public static CheckpointTensors of(Parameters parameters) {
        return new CheckpointTensors(parameters, List.of(), List.of());
    }

    /** The values of a rank's parameters, and the moments that its optimizer keeps of them. */
    public static CheckpointTensors of(Parameters parameters, Optimizer optimizer) {
        return new CheckpointTensors(
                parameters,
                optimizer.denseMoments().stream().map(MomentTensors::of).toList(),
                optimizer.expertMoments().stream().map(MomentTensors::of).toList());
    }

    /** Values of the replicated parameters, the same on all ranks. */
    List<NamedTensor> dense() {
        return dense;
    }

    /** Values of the experts of this rank. */
    List<NamedTensor> experts() {
        return experts;
    }

    /** Moments of the replicated parameters, of which all ranks together gather whole tensors. */
    List<MomentTensors> denseMoments() {
        return denseMoments;
    }

    /** Moments of the experts of this rank. */
    List<MomentTensors> expertMoments() {
        return expertMoments;
    }

    private static List<NamedTensor> values(ParameterGroup group) {
        return group.parameters().stream()
                .map(parameter -> new NamedTensor(parameter.name(), parameter.value()))
                .toList();
    }

    /**
     * Reads all of these tensors from a checkpoint, whatever number of ranks wrote it.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} if one is missing, damaged or of another shape
     */
    public void readFrom(CheckpointReader checkpoint) {
        read(dense, checkpoint);
        read(experts, checkpoint);
        Stream.concat(denseMoments.stream(), expertMoments.stream()).forEach(moment -> {
            read(moment.tensors(), checkpoint);
            moment.moment().scatter();
        });
    }

    private static void read(List<NamedTensor> tensors, CheckpointReader checkpoint) {
        tensors.forEach(tensor -> checkpoint.read(tensor.name(), tensor.values()));
    }
}
