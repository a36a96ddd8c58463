package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;

/** Bias and activation, a row at a time while it is in the cache, and the backward pass of both. */
final class ActivationKernel {
    private final Gelu gelu = new Gelu();

    void forward(Activation activation, Matrix x, Matrix bias, Matrix out) {
        int rowBytes = x.cols() * Float.BYTES;
        for (int row = 0; row < x.rows(); row++) {
            int xAt = x.byteOffset() + row * rowBytes;
            int outAt = out.byteOffset() + row * rowBytes;
            ElementwiseKernel.add(bias.memory(), bias.byteOffset(), x.memory(), xAt, x.cols());
            switch (activation) {
                case GELU -> gelu.forward(x.memory(), xAt, out.memory(), outAt, x.cols());
                case RELU -> Relu.forward(x.memory(), xAt, out.memory(), outAt, x.cols());
            }
        }
    }

    void backward(Activation activation, Matrix x, Matrix dout, Matrix dx, Matrix dbias) {
        int rowBytes = x.cols() * Float.BYTES;
        for (int row = 0; row < x.rows(); row++) {
            int xAt = x.byteOffset() + row * rowBytes;
            int doutAt = dout.byteOffset() + row * rowBytes;
            int dxAt = dx.byteOffset() + row * rowBytes;
            switch (activation) {
                case GELU -> gelu.backward(x.memory(), xAt, dout.memory(), doutAt, dx.memory(), dxAt, x.cols());
                case RELU -> Relu.backward(x.memory(), xAt, dout.memory(), doutAt, dx.memory(), dxAt, x.cols());
            }
            RowKernel.addRow(dx, row, dbias, 0); // while the row is in the first-level cache
        }
    }
}
