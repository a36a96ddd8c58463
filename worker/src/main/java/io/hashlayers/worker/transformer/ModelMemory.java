package io.hashlayers.worker.transformer;

import java.io.Serializable;

/**
 * Off-heap bytes that one rank allocates for its part of a model, to the byte, without allocating any.
 *
 * <p>What kernels keep for themselves, some hundred kilobytes, is not part of it.
 *
 * @param denseBytes the tensors that every rank has: values and, for training, gradients and both Adam moments
 * @param expertBytes the same of the rank's experts
 * @param keptBytes what backward passes need of their forward passes, of all layers; of one layer when only evaluating
 * @param scratchBytes what all layers share, logits among it
 */
public record ModelMemory(long denseBytes, long expertBytes, long keptBytes, long scratchBytes)
        implements Serializable {
    /** Values, gradients, first and second moments: 16 bytes a parameter. */
    private static final int TRAINING_COPIES = 4;

    /**
     * Memory of a rank that trains, as {@link Parameters#forTraining} and {@link LanguageModel} allocate it.
     *
     * @param rows {@code R}, tokens of the rank's sequences
     * @param localExperts experts that the rank holds in each sparse layer
     * @param receiveCapacity {@code C}, most rows that the rank receives in a batch and layer
     */
    public static ModelMemory training(ModelConfig config, int rows, int localExperts, int receiveCapacity) {
        return of(config, rows, localExperts, receiveCapacity, true);
    }

    /** Memory of a rank that only evaluates, as {@link Parameters#forEvaluation} and {@link LanguageModel} allocate it. */
    public static ModelMemory evaluation(ModelConfig config, int rows, int localExperts, int receiveCapacity) {
        return of(config, rows, localExperts, receiveCapacity, false);
    }

    private static ModelMemory of(
            ModelConfig config, int rows, int localExperts, int receiveCapacity, boolean training) {
        ParameterLayout layout = ParameterLayout.of(config);
        long experts = (long) config.sparseLayers().size() * localExperts * layout.expertParameters();
        WorkspaceSizes sizes = WorkspaceSizes.of(config, rows, receiveCapacity, training);
        int copies = training ? TRAINING_COPIES : 1;
        return new ModelMemory(
                copies * WorkspaceSizes.bytes(layout.denseParameters()),
                copies * WorkspaceSizes.bytes(experts),
                sizes.keptBytes(),
                sizes.scratchBytes());
    }

    /** Of this rank and another together. */
    public ModelMemory plus(ModelMemory other) {
        return new ModelMemory(
                denseBytes + other.denseBytes,
                expertBytes + other.expertBytes,
                keptBytes + other.keptBytes,
                scratchBytes + other.scratchBytes);
    }

    /** All of it. */
    public long totalBytes() {
        return denseBytes + expertBytes + keptBytes + scratchBytes;
    }
}
