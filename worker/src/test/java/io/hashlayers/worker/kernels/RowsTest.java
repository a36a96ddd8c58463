package io.hashlayers.worker.kernels;

import static io.hashlayers.worker.kernels.TestMemory.assertClose;
import static io.hashlayers.worker.kernels.TestMemory.values;

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
}
