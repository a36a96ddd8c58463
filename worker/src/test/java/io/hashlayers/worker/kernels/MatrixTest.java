package io.hashlayers.worker.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class MatrixTest {
    @Test
    void arrayBytesAndPointerShareOneMemory() {
        INDArray storage = Matrix.allocateStorage(40);
        Matrix matrix = Matrix.of(storage, 7, 4, 5);

        matrix.set(2, 3, 1.5f);

        assertThat(matrix.array().getFloat(2, 3)).isEqualTo(1.5f);
        assertThat(matrix.pointer().get(2 * 5 + 3)).isEqualTo(1.5f);
        assertThat(storage.getFloat(7 + 2 * 5 + 3)).isEqualTo(1.5f);
    }

    @Test
    void movedWindowSeesOtherRowsOfTheSameMemory() {
        Matrix matrix = Matrix.of(Matrix.allocateStorage(40), 3, 6, 5);
        Matrix window = matrix.window(0, 2);
        matrix.set(4, 1, 2f);

        window.moveTo(3, 3);

        assertThat(window.rows()).isEqualTo(3);
        assertThat(window.get(1, 1)).isEqualTo(2f);
        assertThat(window.array().getFloat(1, 1)).isEqualTo(2f);
        assertThat(window.pointer().get(1 * 5 + 1)).isEqualTo(2f);
        assertThat(window.memory().getFloat(window.byteOffset() + (5 + 1) * 4)).isEqualTo(2f);
    }

    @Test
    void rowsOfAnotherLengthShareTheMemory() {
        Matrix matrix = Matrix.of(Matrix.allocateStorage(40), 3, 6, 4);
        Matrix window = matrix.window(2, 3);

        Matrix parts = window.inRowsOf(2);

        window.set(1, 3, 7f);
        assertThat(parts.rows()).isEqualTo(6);
        assertThat(parts.get(3, 1)).isEqualTo(7f);
        parts.set(5, 0, 8f);
        assertThat(matrix.get(4, 2)).isEqualTo(8f);
        assertThat(parts.inRowsOf(12).get(0, 7)).isEqualTo(7f);
        assertThat(Matrix.allocate(0, 4).inRowsOf(2).rows()).isZero();
        assertThatThrownBy(() -> matrix.inRowsOf(5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Matrix[6, 4] does not fill rows of 5");
    }

    @Test
    void columnsAreCopiedToTheRowsOfAWindow() {
        Matrix from = Matrix.allocate(3, 5);
        for (int i = 0; i < 15; i++) {
            from.set(i / 5, i % 5, i);
        }
        Matrix to = Matrix.allocate(4, 2);

        to.window(1, 2).copyColumns(from.window(1, 2), 3);

        float[] elements = new float[8];
        to.copyTo(elements);
        assertThat(elements).containsExactly(0, 0, 8, 9, 13, 14, 0, 0);
        assertThatThrownBy(() -> to.window(0, 3).copyColumns(from, 4))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Matrix[3, 2] is not the columns from 4 on of Matrix[3, 5]");
        assertThatThrownBy(() -> to.copyColumns(from, 0)).hasMessageContaining("is not the columns");
    }

    @Test
    void windowMayBeEmptyButNotOutside() {
        Matrix window = Matrix.allocate(4, 2).window(4, 0);

        assertThat(window.size()).isZero();
        assertThatThrownBy(() -> window.moveTo(3, 2))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("rows [3, 5) of 4");
    }
}
