package io.hashlayers.worker.kernels.vector;

import org.jspecify.annotations.Nullable;

/**
 * The shape of a product {@code C = op(A) op(B)} or {@code C += op(A) op(B)} of row-major matrices: all that oneDNN compiles
 * code for. It can be changed, so that one object serves to look up all others.
 */
final class ProductShape {
    private boolean transposeA;
    private boolean transposeB;
    private boolean accumulate;
    private int rows;
    private int cols;
    private int inner;
    private int strideA;

    /**
     * Becomes another shape.
     *
     * @param rows of op(A) and C
     * @param cols of op(B) and C
     * @param inner columns of op(A), rows of op(B)
     * @param strideA floats from a row of A, as it lies in memory, to the next; B and C have no gaps
     */
    void set(boolean transposeA, boolean transposeB, boolean accumulate, int rows, int cols, int inner, int strideA) {
        this.transposeA = transposeA;
        this.transposeB = transposeB;
        this.accumulate = accumulate;
        this.rows = rows;
        this.cols = cols;
        this.inner = inner;
        this.strideA = strideA;
    }

    ProductShape copy() {
        ProductShape copy = new ProductShape();
        copy.set(transposeA, transposeB, accumulate, rows, cols, inner, strideA);
        return copy;
    }

    boolean accumulate() {
        return accumulate;
    }

    /** Size of op(A). */
    long[] sizeA() {
        return new long[] {rows, inner};
    }

    /** Floats from a row, and from a column, of op(A) to the next. */
    long[] stridesA() {
        return transposeA ? new long[] {1, strideA} : new long[] {strideA, 1};
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
                && inner == that.inner
                && strideA == that.strideA;
    }

    @Override
    public int hashCode() {
        int kind = (transposeA ? 1 : 0) + (transposeB ? 2 : 0) + (accumulate ? 4 : 0);
        return (((kind * 31 + rows) * 31 + cols) * 31 + inner) * 31 + strideA;
    }

    @Override
    public String toString() {
        return "%s= %s[%d, %d] %s[%d, %d]"
                .formatted(
                        accumulate ? "+" : "",
                        transposeA ? "transposed " : "",
                        rows,
                        inner,
                        transposeB ? "transposed " : "",
                        inner,
                        cols);
    }
}
