package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Parameters of one kind of one rank, in flat memory: all values behind each other and, for training, all gradients and both
 * moments likewise.
 */
public final class ParameterGroup {
    /** Floats of one piece of {@link #gradients}, at most: 256 MiB, well inside what one matrix can address. */
    public static final long PIECE = 1L << 26;

    private final List<Parameter> parameters;
    private final List<Matrix> gradients;

    private ParameterGroup(List<Parameter> parameters, List<Matrix> gradients) {
        this.parameters = List.copyOf(parameters);
        this.gradients = List.copyOf(gradients);
    }

    /** Allocates values only; the offsets of the specs count from the start of the group. */
    static ParameterGroup forEvaluation(List<TensorSpec> specs) {
        INDArray values = allocate(specs);
        return new ParameterGroup(
                specs.stream()
                        .map(spec -> Parameter.forEvaluation(spec, cut(values, spec)))
                        .toList(),
                List.of());
    }

    /** Allocates values, gradients and moments, all 0. */
    static ParameterGroup forTraining(List<TensorSpec> specs) {
        INDArray values = allocate(specs);
        INDArray gradients = allocate(specs);
        INDArray first = allocate(specs);
        INDArray second = allocate(specs);
        return new ParameterGroup(
                specs.stream()
                        .map(spec -> Parameter.forTraining(
                                spec, cut(values, spec), cut(gradients, spec), cut(first, spec), cut(second, spec)))
                        .toList(),
                pieces(gradients, size(specs)));
    }

    /** The tensors, in the order of their offsets. */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** All gradients as few flat matrices [1, n] that follow each other; none if allocated for evaluation. */
    public List<Matrix> gradients() {
        return gradients;
    }

    private static long size(List<TensorSpec> specs) {
        return specs.stream().mapToLong(TensorSpec::size).sum();
    }

    private static INDArray allocate(List<TensorSpec> specs) {
        return Matrix.allocateStorage(Math.max(1, size(specs)));
    }

    private static Matrix cut(INDArray storage, TensorSpec spec) {
        return Matrix.of(storage, spec.offset(), spec.rows(), spec.cols());
    }

    private static List<Matrix> pieces(INDArray storage, long size) {
        var pieces = new ArrayList<Matrix>();
        for (long offset = 0; offset < size; offset += PIECE) {
            pieces.add(Matrix.of(storage, offset, 1, (int) Math.min(PIECE, size - offset)));
        }
        return pieces;
    }
}
