package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;

import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;

/** Operations on whole rows: biases, embeddings, and the permutations of dispatch and combine. */
final class RowKernel {
    private RowKernel() {}

    static void addBias(Matrix x, Matrix bias) {
        for (int row = 0; row < x.rows(); row++) {
            addRow(bias, 0, x, row);
        }
    }

    static void biasBackward(Matrix dy, Matrix dbias) {
        for (int row = 0; row < dy.rows(); row++) {
            addRow(dy, row, dbias, 0);
        }
    }

    static void addBiasResidual(Matrix x, Matrix delta, Matrix bias, Matrix out) {
        int cols = x.cols();
        int full = SPECIES.loopBound(cols);
        ByteBuffer a = x.memory();
        ByteBuffer b = delta.memory();
        ByteBuffer c = bias.memory();
        ByteBuffer to = out.memory();
        for (int row = 0; row < x.rows(); row++) {
            int start = row * cols * Float.BYTES;
            for (int col = 0; col < full; col += LANES) {
                int at = col * Float.BYTES;
                store(
                        load(a, x.byteOffset() + start + at)
                                .add(load(b, delta.byteOffset() + start + at))
                                .add(load(c, bias.byteOffset() + at)),
                        to,
                        out.byteOffset() + start + at);
            }
            for (int col = full; col < cols; col++) {
                int at = col * Float.BYTES;
                to.putFloat(
                        out.byteOffset() + start + at,
                        a.getFloat(x.byteOffset() + start + at)
                                + b.getFloat(delta.byteOffset() + start + at)
                                + c.getFloat(bias.byteOffset() + at));
            }
        }
    }

    static void embed(int[] tokens, Matrix tokenTable, Matrix positionTable, int sequenceLength, Matrix out) {
        for (int row = 0; row < out.rows(); row++) {
            copyRow(tokenTable, tokens[row], out, row);
            addRow(positionTable, row % sequenceLength, out, row);
        }
    }

    static void embedBackward(
            int[] tokens, Matrix dout, int sequenceLength, Matrix dTokenTable, Matrix dPositionTable) {
        for (int row = 0; row < dout.rows(); row++) {
            addRow(dout, row, dTokenTable, tokens[row]);
            addRow(dout, row, dPositionTable, row % sequenceLength);
        }
    }

    static void gather(Matrix in, int[] rows, Matrix out) {
        for (int i = 0; i < out.rows(); i++) {
            copyRow(in, rows[i], out, i);
        }
    }

    static void sum(Matrix in, int[] slots, int k, Matrix out, boolean accumulate) {
        for (int row = 0; row < out.rows(); row++) {
            boolean written = accumulate;
            for (int j = 0; j < k; j++) {
                int slot = slots[row * k + j];
                if (slot < 0) {
                    continue;
                }
                if (written) {
                    addRow(in, slot, out, row);
                } else {
                    copyRow(in, slot, out, row);
                    written = true;
                }
            }
            if (!written) {
                int rowBytes = out.cols() * Float.BYTES;
                ElementwiseKernel.zero(out.memory(), out.byteOffset() + row * rowBytes, out.cols());
            }
        }
    }

    static void addToRows(Matrix in, int[] rows, Matrix out) {
        for (int i = 0; i < in.rows(); i++) {
            addRow(in, i, out, rows[i]);
        }
    }

    static void scale(Matrix in, float[] factors, Matrix out) {
        int rowBytes = in.cols() * Float.BYTES;
        for (int i = 0; i < in.rows(); i++) {
            ElementwiseKernel.scale(
                    in.memory(),
                    in.byteOffset() + i * rowBytes,
                    factors[i],
                    out.memory(),
                    out.byteOffset() + i * rowBytes,
                    in.cols());
        }
    }

    static void dots(Matrix a, Matrix b, float[] dots) {
        int rowBytes = a.cols() * Float.BYTES;
        for (int i = 0; i < a.rows(); i++) {
            dots[i] = ElementwiseKernel.dot(
                    a.memory(), a.byteOffset() + i * rowBytes, b.memory(), b.byteOffset() + i * rowBytes, a.cols());
        }
    }

    private static void copyRow(Matrix from, int fromRow, Matrix to, int toRow) {
        int bytes = from.cols() * Float.BYTES;
        to.memory().put(to.byteOffset() + toRow * bytes, from.memory(), from.byteOffset() + fromRow * bytes, bytes);
    }

    static void addRow(Matrix from, int fromRow, Matrix to, int toRow) {
        int rowBytes = from.cols() * Float.BYTES;
        ElementwiseKernel.add(
                from.memory(),
                from.byteOffset() + fromRow * rowBytes,
                to.memory(),
                to.byteOffset() + toRow * rowBytes,
                from.cols());
    }
}
