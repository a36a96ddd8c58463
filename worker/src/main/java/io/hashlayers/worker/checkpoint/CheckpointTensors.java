package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.transformer.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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

    /**
     * The files that they make: groups of them in the order in which they are gathered, for what one group has gathered is overwritten
     * by the next.
     *
     * @param rank whose tensors these are; rank 0 writes those of the dense parameters, and each those of its experts
     */
    List<List<CheckpointFile>> files(int rank) {
        boolean first = rank == 0;
        String ofRank = String.format(Locale.ROOT, "experts-%03d", rank);
        List<List<CheckpointFile>> groups = new ArrayList<>();
        groups.add(List.of(file("dense", dense, () -> {}, first), file(ofRank, experts, () -> {}, true)));
        for (int kind = 0; kind < denseMoments.size(); kind++) {
            groups.add(List.of(
                    file("optimizer-dense", denseMoments.get(kind), first),
                    file("optimizer-" + ofRank, expertMoments.get(kind), true)));
        }
        return groups;
    }

    private static CheckpointFile file(String name, MomentTensors moment, boolean written) {
        return file(name + moment.fileSuffix(), moment.tensors(), moment.moment()::gather, written);
    }

    private static CheckpointFile file(String name, List<NamedTensor> tensors, Runnable gather, boolean written) {
        return new CheckpointFile(name, tensors, gather, written && !tensors.isEmpty());
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
