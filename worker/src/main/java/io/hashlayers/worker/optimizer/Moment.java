package io.hashlayers.worker.optimizer;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One of Adam's moments of a group of parameters, to be written to a checkpoint or read from one as whole tensors although a
 * rank keeps a share of it: between two steps the memory of the gradients holds what was gathered.
 */
public final class Moment {
    /** Which of the two. */
    public enum Kind {
        /** Running mean of the gradient. */
        FIRST,
        /** Running mean of the squared gradient. */
        SECOND
    }

    private final Kind kind;
    private final ParameterGroup group;
    private final UpdatedParameters updated;
    private final @Nullable Collective sharers;

    /**
     * @param sharers the ranks that keep the rest of it; null if this rank keeps all
     */
    Moment(Kind kind, ParameterGroup group, UpdatedParameters updated, @Nullable Collective sharers) {
        this.kind = kind;
        this.group = group;
        this.updated = updated;
        this.sharers = sharers;
    }

    public Kind kind() {
        return kind;
    }

    /** The parameters of the group; their {@link Parameter#gradientMemory} is where {@link #gather} writes. */
    public List<Parameter> parameters() {
        return group.parameters();
    }

    /**
     * Writes the moments of whole tensors to the memory of the gradients, which are cleared. All ranks that share them call it
     * together.
     */
    public void gather() {
        group.clearGradients();
        for (UpdatedParameters.Piece piece : updated.pieces()) {
            piece.gradient().copyFrom(moment(piece));
        }
        if (sharers != null) {
            group.gradients().forEach(sharers::allGather);
        }
    }

    /** Keeps what the memory of the gradients holds of this rank's share, as {@link #gather} would have written it. */
    public void scatter() {
        group.clearGradients();
        for (UpdatedParameters.Piece piece : updated.pieces()) {
            moment(piece).copyFrom(piece.gradient());
        }
    }

    private Matrix moment(UpdatedParameters.Piece piece) {
        return switch (kind) {
            case FIRST -> piece.firstMoment();
            case SECOND -> piece.secondMoment();
        };
    }
}
