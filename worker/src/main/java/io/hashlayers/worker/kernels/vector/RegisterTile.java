package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;

import jdk.incubator.vector.FloatVector;

/**
 * A tile of a matrix product whose sums stay in registers: {@link #ROWS} rows of one slice.
 *
 * <p>Written out, and twice, because the compiler of JDK 17 keeps vectors in registers only as local variables of one method
 * with one loop, and checks every access of a loop unless distances are constants.
 */
final class RegisterTile {
    static final int ROWS = 8;
    static final int COLS = 2 * LANES;

    private RegisterTile() {}

    /**
     * {@code C += A B} on the rows {@code [row, row + ROWS)} of A and C and on one slice of B and C, over {@code count} columns
     * of A and rows of B from {@code first} on, which are in one slice of A.
     */
    static void add(SlicedMatrix a, SlicedMatrix b, SlicedMatrix c, int row, int slice, int first, int count) {
        add(
                a.floats(),
                a.at(row, first),
                b.floats(),
                b.at(first, slice * COLS),
                c.floats(),
                c.at(row, slice * COLS),
                count);
    }

    private static void add(float[] a, int aAt, float[] b, int bAt, float[] out, int to, int count) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, out, to);
        FloatVector s01 = FloatVector.fromArray(SPECIES, out, to + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, out, to + COLS);
        FloatVector s11 = FloatVector.fromArray(SPECIES, out, to + COLS + LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, out, to + 2 * COLS);
        FloatVector s21 = FloatVector.fromArray(SPECIES, out, to + 2 * COLS + LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, out, to + 3 * COLS);
        FloatVector s31 = FloatVector.fromArray(SPECIES, out, to + 3 * COLS + LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, out, to + 4 * COLS);
        FloatVector s41 = FloatVector.fromArray(SPECIES, out, to + 4 * COLS + LANES);
        FloatVector s50 = FloatVector.fromArray(SPECIES, out, to + 5 * COLS);
        FloatVector s51 = FloatVector.fromArray(SPECIES, out, to + 5 * COLS + LANES);
        FloatVector s60 = FloatVector.fromArray(SPECIES, out, to + 6 * COLS);
        FloatVector s61 = FloatVector.fromArray(SPECIES, out, to + 6 * COLS + LANES);
        FloatVector s70 = FloatVector.fromArray(SPECIES, out, to + 7 * COLS);
        FloatVector s71 = FloatVector.fromArray(SPECIES, out, to + 7 * COLS + LANES);
        for (int k = 0; k < count; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * COLS);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * COLS + LANES);
            int at = aAt + k;
            FloatVector x = FloatVector.broadcast(SPECIES, a[at]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(SPECIES, a[at + COLS]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(SPECIES, a[at + 2 * COLS]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(SPECIES, a[at + 3 * COLS]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            x = FloatVector.broadcast(SPECIES, a[at + 4 * COLS]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            x = FloatVector.broadcast(SPECIES, a[at + 5 * COLS]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
            x = FloatVector.broadcast(SPECIES, a[at + 6 * COLS]);
            s60 = x.fma(b0, s60);
            s61 = x.fma(b1, s61);
            x = FloatVector.broadcast(SPECIES, a[at + 7 * COLS]);
            s70 = x.fma(b0, s70);
            s71 = x.fma(b1, s71);
        }
        s00.intoArray(out, to);
        s01.intoArray(out, to + LANES);
        s10.intoArray(out, to + COLS);
        s11.intoArray(out, to + COLS + LANES);
        s20.intoArray(out, to + 2 * COLS);
        s21.intoArray(out, to + 2 * COLS + LANES);
        s30.intoArray(out, to + 3 * COLS);
        s31.intoArray(out, to + 3 * COLS + LANES);
        s40.intoArray(out, to + 4 * COLS);
        s41.intoArray(out, to + 4 * COLS + LANES);
        s50.intoArray(out, to + 5 * COLS);
        s51.intoArray(out, to + 5 * COLS + LANES);
        s60.intoArray(out, to + 6 * COLS);
        s61.intoArray(out, to + 6 * COLS + LANES);
        s70.intoArray(out, to + 7 * COLS);
        s71.intoArray(out, to + 7 * COLS + LANES);
    }

    /**
     * {@code C += A^T B} on the columns {@code [col, col + ROWS)} of A, which are rows of C, and on one slice of B and C, over
     * {@code count} rows of A and B from {@code first} on.
     */
    static void addTransposed(
            SlicedMatrix a, SlicedMatrix b, SlicedMatrix c, int col, int slice, int first, int count) {
        addTransposed(
                a.floats(),
                a.at(first, col),
                b.floats(),
                b.at(first, slice * COLS),
                c.floats(),
                c.at(col, slice * COLS),
                count);
    }

    private static void addTransposed(float[] a, int aAt, float[] b, int bAt, float[] out, int to, int count) {
        FloatVector s00 = FloatVector.fromArray(SPECIES, out, to);
        FloatVector s01 = FloatVector.fromArray(SPECIES, out, to + LANES);
        FloatVector s10 = FloatVector.fromArray(SPECIES, out, to + COLS);
        FloatVector s11 = FloatVector.fromArray(SPECIES, out, to + COLS + LANES);
        FloatVector s20 = FloatVector.fromArray(SPECIES, out, to + 2 * COLS);
        FloatVector s21 = FloatVector.fromArray(SPECIES, out, to + 2 * COLS + LANES);
        FloatVector s30 = FloatVector.fromArray(SPECIES, out, to + 3 * COLS);
        FloatVector s31 = FloatVector.fromArray(SPECIES, out, to + 3 * COLS + LANES);
        FloatVector s40 = FloatVector.fromArray(SPECIES, out, to + 4 * COLS);
        FloatVector s41 = FloatVector.fromArray(SPECIES, out, to + 4 * COLS + LANES);
        FloatVector s50 = FloatVector.fromArray(SPECIES, out, to + 5 * COLS);
        FloatVector s51 = FloatVector.fromArray(SPECIES, out, to + 5 * COLS + LANES);
        FloatVector s60 = FloatVector.fromArray(SPECIES, out, to + 6 * COLS);
        FloatVector s61 = FloatVector.fromArray(SPECIES, out, to + 6 * COLS + LANES);
        FloatVector s70 = FloatVector.fromArray(SPECIES, out, to + 7 * COLS);
        FloatVector s71 = FloatVector.fromArray(SPECIES, out, to + 7 * COLS + LANES);
        for (int k = 0; k < count; k++) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt + k * COLS);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + k * COLS + LANES);
            int at = aAt + k * COLS;
            FloatVector x = FloatVector.broadcast(SPECIES, a[at]);
            s00 = x.fma(b0, s00);
            s01 = x.fma(b1, s01);
            x = FloatVector.broadcast(SPECIES, a[at + 1]);
            s10 = x.fma(b0, s10);
            s11 = x.fma(b1, s11);
            x = FloatVector.broadcast(SPECIES, a[at + 2]);
            s20 = x.fma(b0, s20);
            s21 = x.fma(b1, s21);
            x = FloatVector.broadcast(SPECIES, a[at + 3]);
            s30 = x.fma(b0, s30);
            s31 = x.fma(b1, s31);
            x = FloatVector.broadcast(SPECIES, a[at + 4]);
            s40 = x.fma(b0, s40);
            s41 = x.fma(b1, s41);
            x = FloatVector.broadcast(SPECIES, a[at + 5]);
            s50 = x.fma(b0, s50);
            s51 = x.fma(b1, s51);
            x = FloatVector.broadcast(SPECIES, a[at + 6]);
            s60 = x.fma(b0, s60);
            s61 = x.fma(b1, s61);
            x = FloatVector.broadcast(SPECIES, a[at + 7]);
            s70 = x.fma(b0, s70);
            s71 = x.fma(b1, s71);
        }
        s00.intoArray(out, to);
        s01.intoArray(out, to + LANES);
        s10.intoArray(out, to + COLS);
        s11.intoArray(out, to + COLS + LANES);
        s20.intoArray(out, to + 2 * COLS);
        s21.intoArray(out, to + 2 * COLS + LANES);
        s30.intoArray(out, to + 3 * COLS);
        s31.intoArray(out, to + 3 * COLS + LANES);
        s40.intoArray(out, to + 4 * COLS);
        s41.intoArray(out, to + 4 * COLS + LANES);
        s50.intoArray(out, to + 5 * COLS);
        s51.intoArray(out, to + 5 * COLS + LANES);
        s60.intoArray(out, to + 6 * COLS);
        s61.intoArray(out, to + 6 * COLS + LANES);
        s70.intoArray(out, to + 7 * COLS);
        s71.intoArray(out, to + 7 * COLS + LANES);
    }
}
