package io.hashlayers.peer;

import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Tensor;

/** Small tensors of tests. */
final class Tensors {
    private Tensors() {}

    static Tensor leaf(float[] values, long... shape) {
        return Tensor.create(values, shape).requires_grad_(true);
    }

    static Tensor of(Map<String, Tensor> tensors, String name) {
        return Objects.requireNonNull(tensors.get(name), name);
    }

    static float[] floats(Tensor tensor) {
        float[] values = new float[(int) tensor.numel()];
        new FloatPointer(tensor.contiguous().data_ptr_float()).get(values);
        return values;
    }

    static long[] longs(Tensor tensor) {
        long[] values = new long[(int) tensor.numel()];
        new LongPointer(tensor.contiguous().data_ptr_long()).get(values);
        return values;
    }
}
