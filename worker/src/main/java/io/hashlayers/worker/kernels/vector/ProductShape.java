package io.hashlayers.worker.kernels.vector;

import org.jspecify.annotations.Nullable;

/**
 * The shape of a product {@code C = op(A) op(B)} or {@code C += op(A) op(B)} of row-major matrices: all that oneDNN compiles
 * code for; nothing has gaps. It can be changed, so that one object serves to look up all others.
 */
final class ProductShape {
    private boolean transposeA;
    private boolean transposeB;
    private boolean accumulate;
    private int rows;
    private int cols;
    private int inner;

    /**
     * Becomes another shape.
     *
     * @param rows of op(A) and C
     * @param cols of op(B) and C
     * @param inner columns of op(A), rows of op(B)
     */
    void set(boolean transposeA, boolean transposeB, boolean accumulate, int rows, int cols, int inner) {
        this.transposeA = transposeA;
        this.transposeB = transposeB;
        this.accumulate = accumulate;
        this.rows = rows;
        this.cols = cols;
        this.inner = inner;
    }

    ProductShape copy() {
        ProductShape copy = new ProductShape();
        copy.set(transposeA, transposeB, accumulate, rows, cols, inner);
        return copy;
    }

    boolean accumulate() {
        return accumulate;
    }

    /** Whether one of A and B is transposed. */
    boolean transposed() {
        return transposeA || transposeB;
    }

    /** Size of op(A). */
    long[] sizeA() {
        return new long[] {rows, inner};
    }

    /** Floats from a row, and from a column, of op(A) to the next. */
    long[] stridesA() {
        return transposeA ? new long[] {1, rows} : new long[] {inner, 1};
    }

    long[] sizeB() {
        return new long[] {inner, cols};
    }

    long[] stridesB() {
        return transposeB ? new long[] {1, inner} : new long[] {cols, 1};
    }

    long[] sizeC() {
        return new long[] {rows, cols};
    }

    long[] stridesC() {
        return new long[] {cols, 1};
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ProductShape that
                && transposeA == that.transposeA
                && transposeB == that.transposeB
                && accumulate == that.accumulate
                && rows == that.rows
                && cols == that.cols
                && inner == that.inner;
    }

    @Override
    public int hashCode() {
        int kind = (transposeA ? 1 : 0) + (transposeB ? 2 : 0) + (accumulate ? 4 : 0);
        return ((kind * 31 + rows) * 31 + cols) * 31 + inner;
    }

    @Override
    public String toString() {
        return "[%d, %d] %s %s x %s"
                .formatted(
                        rows,
                        cols,
                        accumulate ? "+=" : "=",
                        transposeA ? "[%d, %d]^T".formatted(inner, rows) : "[%d, %d]".formatted(rows, inner),
                        transposeB ? "[%d, %d]^T".formatted(cols, inner) : "[%d, %d]".formatted(inner, cols));
    }
}
