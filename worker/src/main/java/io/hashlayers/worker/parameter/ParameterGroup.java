package io.hashlayers.worker.parameter;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Parameters of one kind of one rank, in flat memory: all values behind each other and, for training, all gradients likewise. */
public final class ParameterGroup {
    /** Floats of one piece, at most: 256 MiB, well inside what one matrix can address. */
    public static final long LARGEST_PIECE = 1L << 26;

    /** Floats of one piece that ranks exchange, at least: a message of half of it takes as long to signal as to send. */
    static final long LEAST_SHARED_PIECE = 1L << 16;

    private final INDArray values;
    private final @Nullable INDArray gradients;
    private final long size;
    private final long piece;
    private final List<Parameter> parameters;

    private ParameterGroup(List<TensorSpec> specs, boolean shared, boolean training, Predicate<String> frozen) {
        this.size = specs.stream().mapToLong(TensorSpec::size).sum();
        this.piece = shared ? sharedPiece(size) : LARGEST_PIECE;
        this.values = Matrix.allocateStorage(Math.max(1, size));
        INDArray storage = training ? Matrix.allocateStorage(Math.max(1, size)) : null;
        this.gradients = storage;
        this.parameters = specs.stream()
                .map(spec -> storage == null
                        ? Parameter.forEvaluation(spec, cut(values, spec))
                        : trained(spec, cut(values, spec), cut(storage, spec), frozen))
                .toList();
    }

    private static Parameter trained(TensorSpec spec, Matrix value, Matrix gradient, Predicate<String> frozen) {
        return frozen.test(spec.name())
                ? Parameter.frozen(spec, value, gradient)
                : Parameter.forTraining(spec, value, gradient);
    }

    /** Allocates values only; the offsets of the specs count from the start of the group. */
    public static ParameterGroup forEvaluation(List<TensorSpec> specs) {
        return new ParameterGroup(specs, false, false, tensor -> false);
    }

    /**
     * Allocates values and gradients, all 0.
     *
     * @param shared whether all ranks have the group, so that its pieces are what they exchange
     * @param frozen names of the tensors that keep their values
     */
    public static ParameterGroup forTraining(List<TensorSpec> specs, boolean shared, Predicate<String> frozen) {
        return new ParameterGroup(specs, shared, true, frozen);
    }

    /** Floats of one piece, at most, of a shared group of so many: no more pieces than exchanges can be under way. */
    public static long sharedPiece(long floats) {
        long even = (floats + Collective.WINDOW - 1) / Collective.WINDOW;
        return Math.max(LEAST_SHARED_PIECE, Math.min(LARGEST_PIECE, even));
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

    /** Offset of the first element of a piece. */
    public long pieceStart(int number) {
        return number * piece;
    }

    /** Sets the memory of cleared gradients to 0. */
    public void completeGradients(Kernels kernels) {
        for (Parameter parameter : parameters) {
            parameter.gradient(kernels);
        }
    }

    /** Sets the memory of cleared gradients to 0, of all tensors that a piece has a part of. */
    public void completeGradients(Kernels kernels, int number) {
        for (Parameter parameter : parameters) {
            TensorSpec spec = parameter.spec();
            if (spec.offset() < pieceStart(number + 1) && spec.offset() + spec.size() > pieceStart(number)) {
                parameter.gradient(kernels);
            }
        }
    }

    /** Makes all gradients 0 without touching their memory. */
    public void clearGradients() {
        parameters.forEach(Parameter::clearGradient);
    }

    /**
     * The parts of tensors that lie in some elements of one piece, in order.
     *
     * @param number of the piece in {@link #values}
     * @param start first element, from the start of the piece
     * @param end behind the last element
     */
    public List<ParameterSlice> slices(int number, int start, int end) {
        INDArray storage = gradientStorage();
        long from = pieceStart(number) + start;
        long to = pieceStart(number) + end;
        var slices = new ArrayList<ParameterSlice>();
        for (Parameter parameter : parameters) {
            TensorSpec spec = parameter.spec();
            long first = Math.max(from, spec.offset());
            long last = Math.min(to, spec.offset() + spec.size());
            if (first < last) {
                int length = (int) (last - first);
                slices.add(new ParameterSlice(
                        parameter, Matrix.of(values, first, 1, length), Matrix.of(storage, first, 1, length)));
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
        for (long offset = 0; offset < size; offset += piece) {
            pieces.add(Matrix.of(storage, offset, 1, (int) Math.min(piece, size - offset)));
        }
        return pieces;
    }
}
