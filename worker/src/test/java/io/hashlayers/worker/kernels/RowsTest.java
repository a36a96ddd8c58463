package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;

@EachKernels
class RowsTest {
    private final Kernels kernels;

    RowsTest(KernelChoice choice) {
        this.kernels = KernelsFactory.create(choice);
    }

    @RandomSeeds
    void embeddingAddsTokenAndPosition(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int sequenceLength = random.nextInt(1, 9);
        int[] tokens = memory.indices(random.nextInt(0, 20), random.nextInt(1, 6));
        int width = random.nextInt(1, 40);
        Matrix tokenTable = memory.normal(6, width);
        Matrix positionTable = memory.normal(sequenceLength + random.nextInt(2), width);
        Matrix out = memory.constant(tokens.length, width, Double.NaN);

        kernels.embed(tokens, tokenTable, positionTable, sequenceLength, out);

        assertClose(
                "out", out, LoopOracle.embed(tokens, values(tokenTable), values(positionTable), sequenceLength), 1e-7);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void embeddingBackwardAgreesWithFiniteDifferences(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int sequenceLength = random.nextInt(1, 9);
        int[] tokens = memory.indices(random.nextInt(1, 20), random.nextInt(1, 6));
        int width = random.nextInt(1, 40);
        Matrix dout = memory.normal(tokens.length, width);
        Matrix dTokens = memory.normal(6, width);
        Matrix dPositions = memory.normal(sequenceLength + random.nextInt(2), width);
        double[][] tokenTable = values(memory.normal(6, width));
        double[][] positionTable = values(memory.normal(dPositions.rows(), width));
        double[][] expectedTokens = LoopOracle.sum(
                values(dTokens),
                FiniteDifferences.gradient(
                        tokenTable, values(dout), at -> LoopOracle.embed(tokens, at, positionTable, sequenceLength)));
        double[][] expectedPositions = LoopOracle.sum(
                values(dPositions),
                FiniteDifferences.gradient(
                        positionTable, values(dout), at -> LoopOracle.embed(tokens, tokenTable, at, sequenceLength)));

        kernels.embedBackward(tokens, dout, sequenceLength, dTokens, dPositions);

        assertClose("dTokens", dTokens, expectedTokens, 1e-6);
        assertClose("dPositions", dPositions, expectedPositions, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void rowsAreGatheredAndSummedByIndex(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int k = random.nextInt(1, 4);
        int cols = random.nextInt(1, 70);
        int rows = random.nextInt(0, 9);
        int spare = random.nextInt(3);
        Matrix in = memory.normal(random.nextInt(1, 9), cols);
        int[] slots = memory.indices((rows + spare) * k, in.rows());
        Matrix gathered = memory.constant(rows, cols, Double.NaN);
        Matrix summed = memory.constant(rows, cols, Double.NaN);
        Matrix added = memory.normal(rows, cols);
        double[][] sums = LoopOracle.sumRows(values(in), slots, k, rows, cols);
        double[][] expectedAdded = LoopOracle.sum(values(added), sums);

        kernels.gatherRows(in, Arrays.copyOf(slots, rows + spare), gathered);
        kernels.sumRows(in, slots, k, summed, false);
        kernels.sumRows(in, slots, k, added, true);

        assertClose("gathered", gathered, LoopOracle.sumRows(values(in), slots, 1, rows, cols), 0);
        assertClose("summed", summed, sums, 1e-6);
        assertClose("added", added, expectedAdded, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void aSlotOfMinusOneAddsNothing(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int k = random.nextInt(1, 4);
        int cols = random.nextInt(1, 70);
        int rows = random.nextInt(0, 9);
        Matrix in = memory.normal(random.nextInt(0, 9), cols);
        int[] slots = new int[rows * k];
        Arrays.setAll(slots, i -> random.nextInt(-1, in.rows()));
        Matrix summed = memory.constant(rows, cols, Double.NaN);
        Matrix added = memory.normal(rows, cols);
        double[][] sums = new double[rows][cols];
        double[][] from = values(in);
        for (int i = 0; i < slots.length; i++) {
            for (int col = 0; col < cols && slots[i] >= 0; col++) {
                sums[i / k][col] += from[slots[i]][col];
            }
        }
        double[][] expectedAdded = LoopOracle.sum(values(added), sums);

        kernels.sumRows(in, slots, k, summed, false);
        kernels.sumRows(in, slots, k, added, true);

        assertClose("summed", summed, sums, 1e-6);
        assertClose("added", added, expectedAdded, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void rowsAreAddedToRowsByIndex(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int cols = random.nextInt(1, 70);
        Matrix in = memory.normal(random.nextInt(0, 9), cols);
        Matrix out = memory.normal(random.nextInt(1, 5), cols);
        int[] rows = memory.indices(in.rows() + random.nextInt(3), out.rows());
        double[][] expected = values(out);
        double[][] from = values(in);
        for (int i = 0; i < in.rows(); i++) {
            for (int col = 0; col < cols; col++) {
                expected[rows[i]][col] += from[i][col];
            }
        }

        kernels.addToRows(in, rows, out);

        assertClose("out", out, expected, 1e-6);
        memory.assertSurroundingsUntouched();
    }

    @RandomSeeds
    void rowsAreScaledAndMultipliedWithEachOther(long seed) {
        var random = new SplittableRandom(seed);
        var memory = new TestMemory(random);
        int rows = random.nextInt(0, 9);
        int cols = random.nextInt(1, 70);
        Matrix a = memory.normal(rows, cols);
        Matrix b = memory.normal(rows, cols);
        Matrix out = memory.constant(rows, cols, Double.NaN);
        float[] factors = new float[rows + random.nextInt(3)];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) random.nextDouble(-2, 2);
        }
        float[] dots = new float[factors.length];
        double[][] scaled = values(a);
        double[] expectedDots = new double[factors.length];
        double[][] of = values(b);
        for (int row = 0; row < rows; row++) {
            for (int col = 0; col < cols; col++) {
                expectedDots[row] += scaled[row][col] * of[row][col];
                scaled[row][col] *= factors[row];
            }
        }

        kernels.rowDots(a, b, dots);
        kernels.scaleRows(a, factors, out);
        kernels.scaleRows(a, factors, a);

        assertClose("scaled", out, scaled, 1e-6);
        assertClose("scaled in place", a, scaled, 1e-6);
        for (int row = 0; row < dots.length; row++) {
            assertThat((double) dots[row]).isCloseTo(expectedDots[row], within(1e-5));
        }
        memory.assertSurroundingsUntouched();
    }
}
