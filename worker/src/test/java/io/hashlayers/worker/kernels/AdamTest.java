package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

@EachKernels
class AdamTest {
    private final Kernels kernels;

    AdamTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void stepsAgreeWithLoops(long seed) {
        var random = new SplittableRandom(seed);
        assertStepsAgree(new TestMemory(random), random.nextInt(0, 5), random.nextInt(1, 70));
    }

    @Test
    void stepsAgreeWithLoopsOnManyParameters() {
        assertStepsAgree(new TestMemory(new SplittableRandom(1)), 3, 100_001);
    }

    private void assertStepsAgree(TestMemory memory, int rows, int cols) {
        Matrix p = memory.normal(rows, cols);
        Matrix m = memory.constant(rows, cols, 0);
        Matrix v = memory.constant(rows, cols, 0);
        double[][] expectedP = values(p);
        double[][] expectedM = values(m);
        double[][] expectedV = values(v);
        for (int t = 1; t <= 3; t++) {
            Matrix g = memory.normal(rows, cols, 0.1);
            AdamStep step = new AdamStep(0.01f, 0.9f, 0.99f, 1e-8f, 0.1f, 0.7f, (float) (1 - Math.pow(0.9, t)), (float)
                    (1 - Math.pow(0.99, t)));

            kernels.adam(p, g, m, v, step);

            for (int row = 0; row < rows; row++) {
                for (int col = 0; col < cols; col++) {
                    double[] state = {expectedP[row][col], expectedM[row][col], expectedV[row][col]};
                    LoopOracle.adam(state, g.get(row, col), step);
                    expectedP[row][col] = state[0];
                    expectedM[row][col] = state[1];
                    expectedV[row][col] = state[2];
                }
            }
        }
        assertClose("p", p, expectedP, 1e-6);
        assertClose("m", m, expectedM, 1e-7);
        assertClose("v", v, expectedV, 1e-8);
        memory.assertSurroundingsUntouched();
    }
}
