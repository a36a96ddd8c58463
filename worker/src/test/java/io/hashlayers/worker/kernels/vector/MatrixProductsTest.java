package io.hashlayers.worker.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.kernels.Matrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MatrixProductsTest {
    @Test
    void shapesThatWereDroppedAreCompiledAgain() {
        MatrixProducts products = new MatrixProducts(4, 1 << 20);

        for (int round = 0; round < 3; round++) {
            for (int rows = 1; rows <= 6; rows++) {
                requireSum(products, rows, 7, 5);
            }
        }
    }

    /** B of the second is copied into scratch, whose size the first knows nothing of. */
    @Test
    void scratchThatGrewServesProductsOfBefore() {
        MatrixProducts products = new MatrixProducts(4, 1);

        requireSum(products, 40, 33, 65);
        requireSum(products, 3, 17, 5000);
        requireSum(products, 40, 33, 65);
    }

    /** Else the threads that ND4J is limited to would not be those of oneDNN. */
    @Test
    void nd4jAndOneDnnShareOneOpenMp() throws IOException {
        requireSum(new MatrixProducts(), 2, 2, 2);

        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertThat(maps.filter(line -> line.contains("libgomp"))
                            .map(line -> line.substring(line.indexOf('/')))
                            .distinct())
                    .hasSize(1);
        }
    }

    /** All three products of ones, in whole numbers. */
    private static void requireSum(MatrixProducts products, int rows, int cols, int inner) {
        Matrix c = ones(rows, cols);

        products.plain(ones(rows, inner), ones(inner, cols), c, false);
        products.nt(ones(rows, inner), ones(cols, inner), c, true);
        products.tn(ones(inner, rows), ones(inner, cols), c, true);

        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                assertThat(c.get(row, col)).isEqualTo(3f * inner);
            }
        }
    }

    private static Matrix ones(int rows, int cols) {
        Matrix ones = Matrix.allocate(rows, cols);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                ones.set(row, col, 1);
            }
        }
        return ones;
    }
}
