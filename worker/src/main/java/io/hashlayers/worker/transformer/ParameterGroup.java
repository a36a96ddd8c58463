package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Parameters of one kind of one rank, in flat memory: all values behind each other and, for training, all gradients likewise. */
public final class ParameterGroup {
    /** Floats of one piece, at most: 256 MiB, well inside what one matrix can address. */
    public static final long PIECE = 1L << 26;

    private final INDArray values;
    private final @Nullable INDArray gradients;
    private final long size;
    private final List<Parameter> parameters;

    private ParameterGroup(List<TensorSpec> specs, boolean training) {
        this.size = specs.stream().mapToLong(TensorSpec::size).sum();
        this.values = Matrix.allocateStorage(Math.max(1, size));
        INDArray storage = training ? Matrix.allocateStorage(Math.max(1, size)) : null;
        this.gradients = storage;
        this.parameters = specs.stream()
                .map(spec -> storage == null
                        ? Parameter.forEvaluation(spec, cut(values, spec))
                        : Parameter.forTraining(spec, cut(values, spec), cut(storage, spec)))
                .toList();
    }

    /** Allocates values only; the offsets of the specs count from the start of the group. */
    static ParameterGroup forEvaluation(List<TensorSpec> specs) {
        return new ParameterGroup(specs, false);
    }

    /** Allocates values and gradients, all 0. */
    static ParameterGroup forTraining(List<TensorSpec> specs) {
        return new ParameterGroup(specs, true);
    }

    /** The tensors, in the order of their offsets. */
    public List<Parameter> parameters() {
        return parameters;
    }

    /** All values as few flat matrices [1, n] that follow each other. */
    public List<Matrix> values() {
        return pieces(values);
    }

    /**
     * All gradients, cut as {@link #values}. Their memory: {@link #completeGradients} makes it what it stands for.
     *
     * @throws IllegalStateException if allocated for evaluation
     */
    public List<Matrix> gradients() {
        return pieces(gradientStorage());
    }

    /** Sets the memory of cleared gradients to 0. */
    public void completeGradients(Kernels kernels) {
        for (Parameter parameter : parameters) {
            parameter.gradient(kernels);
        }
    }

    /** Makes all gradients 0 without touching their memory. */
    public void clearGradients() {
        parameters.forEach(Parameter::clearGradient);
    }

    /**
     * The parts of tensors that lie in some elements of one piece, in order.
     *
     * @param piece number in {@link #values}
     * @param start first element, from the start of the piece
     * @param end behind the last element
     */
    public List<ParameterSlice> slices(int piece, int start, int end) {
        INDArray storage = gradientStorage();
        long from = piece * PIECE + start;
        long to = piece * PIECE + end;
        var slices = new ArrayList<ParameterSlice>();
        for (Parameter parameter : parameters) {
            TensorSpec spec = parameter.spec();
            long first = Math.max(from, spec.offset());
            long last = Math.min(to, spec.offset() + spec.size());
            if (first < last) {
                int length = (int) (last - first);
                slices.add(new ParameterSlice(
                        spec, Matrix.of(values, first, 1, length), Matrix.of(storage, first, 1, length)));
            }
        }
        return slices;
    }

    private INDArray gradientStorage() {
        if (gradients == null) {
            throw new IllegalStateException("these parameters were allocated for evaluation: they have no gradients");
        }
        return gradients;
    }

    private static Matrix cut(INDArray storage, TensorSpec spec) {
        return Matrix.of(storage, spec.offset(), spec.rows(), spec.cols());
    }

    private List<Matrix> pieces(INDArray storage) {
        var pieces = new ArrayList<Matrix>();
        for (long offset = 0; offset < size; offset += PIECE) {
            pieces.add(Matrix.of(storage, offset, 1, (int) Math.min(PIECE, size - offset)));
        }
        return pieces;
    }
}
