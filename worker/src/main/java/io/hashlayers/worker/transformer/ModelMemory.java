package io.hashlayers.worker.transformer;

import io.hashlayers.worker.collective.Share;
import io.hashlayers.worker.parameter.ParameterGroup;
import java.io.Serializable;

/**
 * Off-heap bytes that one rank allocates for its part of a model, to the byte, without allocating any.
 *
 * <p>What kernels keep for themselves on the heap, a megabyte or so, is not part of it.
 *
 * @param denseBytes the tensors that every rank has: values and, for training, gradients and both Adam moments of the rank's
 *     share
 * @param expertBytes values of the rank's experts and, for training, gradients and both moments
 * @param keptBytes what backward passes need of their forward passes, of all layers; of one layer when only evaluating
 * @param scratchBytes what all layers share, logits among it, and recomputed activations
 * @param snapshotBytes a copy of what the rank writes to a checkpoint, while it is written
 */
public record ModelMemory(long denseBytes, long expertBytes, long keptBytes, long scratchBytes, long snapshotBytes)
        implements Serializable {
    /** Values and gradients. */
    private static final int TRAINING_COPIES = 2;

    /** First and second. */
    private static final int MOMENTS = 2;

    /**
     * Memory of a rank that trains, as {@link Parameters#forTraining}, {@link LanguageModel} and the optimizer allocate it: 16
     * bytes for a parameter of its own, 8 + 8 / worldSize for one that all ranks have.
     *
     * @param localExperts experts that the rank holds, of all layers together
     */
    public static ModelMemory training(
            ModelConfig config, Activations activations, int localExperts, int rank, int worldSize) {
        ParameterLayout layout = ParameterLayout.of(config);
        WorkspaceSizes sizes = WorkspaceSizes.of(config, activations, true);
        long dense = layout.denseParameters();
        long experts = expertParameters(layout, localExperts);
        return new ModelMemory(
                TRAINING_COPIES * WorkspaceSizes.bytes(dense)
                        + momentBytes(dense, ParameterGroup.sharedPiece(dense), rank, worldSize),
                TRAINING_COPIES * WorkspaceSizes.bytes(experts)
                        + momentBytes(experts, ParameterGroup.LARGEST_PIECE, 0, 1),
                sizes.keptBytes(),
                sizes.scratchBytes(),
                0);
    }

    /** Memory of a rank that only evaluates, as {@link Parameters#forEvaluation} and {@link LanguageModel} allocate it. */
    public static ModelMemory evaluation(ModelConfig config, Activations activations, int localExperts) {
        ParameterLayout layout = ParameterLayout.of(config);
        WorkspaceSizes sizes = WorkspaceSizes.of(config, activations, false);
        return new ModelMemory(
                WorkspaceSizes.bytes(layout.denseParameters()),
                WorkspaceSizes.bytes(expertParameters(layout, localExperts)),
                sizes.keptBytes(),
                sizes.scratchBytes(),
                0);
    }

    private static long expertParameters(ParameterLayout layout, int localExperts) {
        return localExperts * layout.expertParameters();
    }

    /** Both moments of a rank's share of each piece of a group. */
    private static long momentBytes(long floats, long piece, int rank, int worldSize) {
        long share = 0;
        for (long offset = 0; offset < floats; offset += piece) {
            share += Share.of(Math.min(piece, floats - offset), rank, worldSize).length();
        }
        return MOMENTS * Float.BYTES * share;
    }

    /**
     * The same with a copy of what the rank writes to a checkpoint: value and both moments of its experts, and of the dense
     * parameters if it is the first.
     *
     * @param localExperts experts that the rank holds, of all layers together
     */
    public ModelMemory withSnapshot(ModelConfig config, int localExperts, int rank) {
        ParameterLayout layout = ParameterLayout.of(config);
        long written = expertParameters(layout, localExperts) + (rank == 0 ? layout.denseParameters() : 0);
        return new ModelMemory(denseBytes, expertBytes, keptBytes, scratchBytes, (1 + MOMENTS) * Float.BYTES * written);
    }

    /** Of this rank and another together. */
    public ModelMemory plus(ModelMemory other) {
        return new ModelMemory(
                denseBytes + other.denseBytes,
                expertBytes + other.expertBytes,
                keptBytes + other.keptBytes,
                scratchBytes + other.scratchBytes,
                snapshotBytes + other.snapshotBytes);
    }

    /** All of it. */
    public long totalBytes() {
        return denseBytes + expertBytes + keptBytes + scratchBytes + snapshotBytes;
    }
}
