package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.LoopOracle.matmul;
import static io.hashlayers.worker.kernels.LoopOracle.sum;
import static io.hashlayers.worker.kernels.LoopOracle.transpose;
import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class ProductsTest {
    private final Kernels kernels;

    ProductsTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void productsAgreeWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        requireAgreement(random, random.nextInt(1, 40), random.nextInt(1, 40), random.nextInt(1, 70));
    }

    /** Of the size of real layers. */
    @RandomSeeds(10)
    void largeProductsAgreeWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        requireAgreement(random, random.nextInt(1, 90), random.nextInt(128, 300), random.nextInt(64, 300));
    }

    /** Over so many columns that they may be summed in parts. */
    @RandomSeeds(5)
    void longProductsAgreeWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        requireAgreement(random, random.nextInt(1, 4), random.nextInt(1, 4), random.nextInt(4000, 9000), 1e-5);
    }

    /** Many shapes, each of them twice. */
    @Test
    void manyShapesAgreeWithLoops() {
        var random = new SplittableRandom(1);
        for (int round = 0; round < 2; round++) {
            for (int rows = 1; rows <= 110; rows++) { // six products of each
                requireAgreement(random, rows, 5, 4);
            }
        }
    }

    private void requireAgreement(SplittableRandom random, int m, int n, int k) {
        requireAgreement(random, m, n, k, 1e-6);
    }

    private void requireAgreement(SplittableRandom random, int m, int n, int k, double tolerance) {
        var memory = new TestMemory(random);
        Matrix a = memory.normal(m, k);
        Matrix b = memory.normal(k, n);
        Matrix aTransposed = memory.filled(k, m, () -> 0);
        TestMemory.set(aTransposed, transpose(values(a), k));
        Matrix bTransposed = memory.filled(n, k, () -> 0);
        TestMemory.set(bTransposed, transpose(values(b), n));
        double[][] product = matmul(values(a), values(b));

        for (boolean accumulate : new boolean[] {false, true}) {
            Matrix plain = memory.constant(m, n, accumulate ? 0.5 : Double.NaN);
            Matrix nt = memory.copyOf(plain);
            Matrix tn = memory.copyOf(plain);

            kernels.matmul(a, b, plain, accumulate);
            kernels.matmulNt(a, bTransposed, nt, accumulate);
            kernels.matmulTn(aTransposed, b, tn, accumulate);

            double[][] expected = accumulate ? sum(product, values(memory.constant(m, n, 0.5))) : product;
            assertClose("a b", plain, expected, tolerance);
            assertClose("a b^T", nt, expected, tolerance);
            assertClose("a^T b", tn, expected, tolerance);
        }
        memory.assertSurroundingsUntouched();
    }

    @Test
    void productOverNoRowsIsZero() {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix none = memory.constant(0, 3, 0);
        Matrix c = memory.constant(3, 3, 7);

        kernels.matmulTn(none, memory.constant(0, 3, 0), c, true);
        assertThat(c.get(2, 2)).isEqualTo(7);

        kernels.matmulTn(none, memory.constant(0, 3, 0), c, false);
        assertThat(c.get(2, 2)).isZero();
    }

    @Test
    void productWithNoRowsDoesNothing() {
        var memory = new TestMemory(new SplittableRandom(1));
        Matrix none = memory.constant(0, 3, 0);

        kernels.matmul(none, memory.normal(3, 4), memory.constant(0, 4, 0), false);
        kernels.matmulNt(none, memory.normal(4, 3), memory.constant(0, 4, 0), false);

        memory.assertSurroundingsUntouched();
    }
}
