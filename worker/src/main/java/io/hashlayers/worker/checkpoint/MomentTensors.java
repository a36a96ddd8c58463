package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.optimizer.Moment;
import java.util.List;

/**
 * One of Adam's moments of a group of parameters, as a checkpoint knows it. Its tensors hold it from {@link Moment#gather} to
 * the next one or the next step.
 */
record MomentTensors(Moment moment, List<NamedTensor> tensors) {
    MomentTensors {
        tensors = List.copyOf(tensors);
    }

    static MomentTensors of(Moment moment) {
        return new MomentTensors(
                moment,
                moment.parameters().stream()
                        .map(parameter ->
                                new NamedTensor(parameter.name() + suffix(moment), parameter.gradientMemory()))
                        .toList());
    }

    /** The end of the name of its file. */
    String fileSuffix() {
        return switch (moment.kind()) {
            case FIRST -> "-first-moment";
            case SECOND -> "-second-moment";
        };
    }

    /** As PyTorch calls them. */
    private static String suffix(Moment moment) {
        return switch (moment.kind()) {
            case FIRST -> ".exp_avg";
            case SECOND -> ".exp_avg_sq";
        };
    }
}
