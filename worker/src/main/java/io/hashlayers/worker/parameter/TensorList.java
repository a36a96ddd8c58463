package io.hashlayers.worker.parameter;

import java.util.ArrayList;
import java.util.List;

/** A growing list of tensors, one behind the other. */
public final class TensorList {
    private final List<TensorSpec> specs = new ArrayList<>();
    private long end;

    /** Adds a matrix that begins normal with mean 0. */
    public void matrix(String name, int rows, int cols, double deviation) {
        matrix(name, rows, cols, Init.NORMAL, deviation);
    }

    /** Adds a matrix; weight decay applies to it. */
    public void matrix(String name, int rows, int cols, Init init, double scale) {
        add(new TensorSpec(name, rows, cols, init, scale, true, end));
    }

    /** Adds a vector that begins constant; weight decay does not apply to it. */
    public void vector(String name, int length, double value) {
        add(new TensorSpec(name, 1, length, Init.CONSTANT, value, false, end));
    }

    /** Adds {@code prefix.weight}, [in, out], and {@code prefix.bias}. */
    public void linear(String prefix, int in, int out, double deviation) {
        matrix(prefix + ".weight", in, out, deviation);
        vector(prefix + ".bias", out, 0);
    }

    /** Adds gain and bias of a layer norm. */
    public void norm(String prefix, int dim) {
        vector(prefix + ".weight", dim, 1);
        vector(prefix + ".bias", dim, 0);
    }

    /** The tensors so far, in the order of their offsets. */
    public List<TensorSpec> list() {
        return List.copyOf(specs);
    }

    /** Floats so far. */
    public long size() {
        return end;
    }

    private void add(TensorSpec spec) {
        specs.add(spec);
        end = Math.addExact(end, spec.size());
    }
}
