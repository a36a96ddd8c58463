package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The oracle is the allocator itself: it counts what a model takes while it is built. */
class ModelMemoryTest {
    private static final HashConfig TWO = SmallModel.segments(2);
    private static final HashConfig THREE = SmallModel.segments(3);

    private record Shape(ModelConfig config, int worldSize, boolean training, boolean recomputed) {}

    static List<Shape> shapes() {
        var shapes = new ArrayList<Shape>();
        for (List<Integer> sparse : List.of(List.<Integer>of(), List.of(1), List.of(0, 1))) {
            for (double dropout : new double[] {0, 0.1}) {
                for (int worldSize : new int[] {1, 2, 4}) {
                    for (int expertsPerToken : new int[] {1, 2}) {
                        ModelConfig config = SmallModel.config(Activation.GELU, dropout, sparse, 6, expertsPerToken);
                        shapes.add(new Shape(config, worldSize, true, false));
                        shapes.add(new Shape(config, worldSize, true, true));
                        shapes.add(new Shape(config, worldSize, false, false));
                    }
                }
            }
        }
        for (RouterConfig router : SmallModel.learnedRouters()) {
            ModelConfig config = SmallModel.config(router, 0.1, 6, 1);
            for (int worldSize : new int[] {1, 2}) {
                shapes.add(new Shape(config, worldSize, true, false));
                shapes.add(new Shape(config, worldSize, true, true));
                shapes.add(new Shape(config, worldSize, false, false));
            }
        }
        for (List<RouterConfig> routers : List.of(
                List.<RouterConfig>of(TWO, TWO),
                List.<RouterConfig>of(THREE, THREE),
                List.<RouterConfig>of(TWO, THREE),
                List.<RouterConfig>of(HashConfig.SUM, TWO),
                List.<RouterConfig>of(TWO, new SwitchConfig(1, 1, 0.1, 0.1, SwitchConfig.Reads.HIDDEN)))) {
            for (int worldSize : new int[] {1, 2, 4}) {
                ModelConfig config = SmallModel.segmented(0.1, new MixtureConfig(List.of(0, 1), 6, 1, routers, 1, 0.1));
                shapes.add(new Shape(config, worldSize, true, false));
                shapes.add(new Shape(config, worldSize, true, true));
                shapes.add(new Shape(config, worldSize, false, false));
            }
        }
        ModelConfig plain = SmallModel.config(Activation.GELU, 0, List.of(1), 6, 1);
        MixtureConfig shared = new MixtureConfig(List.of(1), 6, 1, List.of(HashConfig.SUM), 2, 0.1);
        shapes.add(new Shape(plain.with(shared), 2, true, true));
        shapes.add(new Shape(plain.with(shared), 1, true, false));
        ModelConfig stacked = plain.with(MixtureConfig.hash(List.of(0, 1), 6, 2).stacked(3));
        for (int worldSize : new int[] {1, 2}) {
            shapes.add(new Shape(stacked, worldSize, true, false));
            shapes.add(new Shape(stacked, worldSize, true, true));
            shapes.add(new Shape(stacked, worldSize, false, false));
        }
        return shapes;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("shapes")
    void everyRankAllocatesWhatIsPlanned(Shape shape) {
        SmallModel small = SmallModel.random(shape.config, 1);
        ExpertPlacement placement = ExpertPlacement.roundRobin(6, shape.worldSize);
        Kernels kernels = KernelsFactory.named("vector");
        long before = Matrix.allocatedBytes();

        List<TestRank> ranks = Ranks.run(shape.worldSize, collective -> {
            var rank = new TestRank(small, placement, collective, kernels, shape.training, shape.recomputed);
            if (shape.training) {
                var unused = optimizer(rank.parameters, kernels, collective);
            }
            return rank;
        });

        long allocated = Matrix.allocatedBytes() - before;
        long planned = 0;
        for (int rank = 0; rank < ranks.size(); rank++) {
            TestRank built = ranks.get(rank);
            int experts = placement.expertsOf(rank).length
                    * shape.config.sparseLayers().size();
            planned += memory(shape, built.tokens.length, experts, built.receiveCapacity, rank)
                    .totalBytes();
        }
        assertThat(planned).isEqualTo(allocated);
    }

    @Test
    void aHeadOfManyWordsTakesPartOfTheRowsAtOnce() {
        // 3,000 rows of 4,096 logits: a chunk of 512 rows
        ModelConfig config =
                new ModelConfig(4096, 3000, 1, 8, 8, 1, Activation.RELU, 0, MixtureConfig.hash(List.of(), 1, 1));
        Activations activations = Activations.kept(3000, 0);
        Kernels kernels = KernelsFactory.named("vector");
        long before = Matrix.allocatedBytes();

        Parameters parameters = Parameters.forTraining(config, layer -> new int[0]);
        long ofParameters = Matrix.allocatedBytes() - before;
        var unused = new LanguageModel(parameters, kernels, Ranks.alone(), Collections.emptyList(), activations, 1);
        var unusedOptimizer = optimizer(parameters, kernels, Ranks.alone());
        long allocated = Matrix.allocatedBytes() - before;

        ModelMemory memory = ModelMemory.training(config, activations, 0, 0, 1);
        assertThat(memory.denseBytes() / 2 + memory.expertBytes()).isEqualTo(ofParameters);
        assertThat(memory.totalBytes()).isEqualTo(allocated);
    }

    @Test
    void aTrainedParameterTakesSixteenBytes() {
        ModelConfig config = SmallModel.config(Activation.RELU, 4, 1);
        ParameterLayout layout = ParameterLayout.of(config);

        ModelMemory memory = ModelMemory.training(config, Activations.kept(8, 8), 4, 0, 1);

        assertThat(memory.denseBytes() + memory.expertBytes()).isEqualTo(16 * layout.totalParameters());
    }

    /** The formulas of docs/memory.md. */
    @Test
    void recomputationKeepsTheInputsOfBlocksAndWhatExpertsReceived() {
        int layers = 5;
        int dim = 12;
        int inner = 20;
        int heads = 3;
        int rows = 16;
        int capacity = 24;
        var config = new ModelConfig(
                9, 8, layers, dim, inner, heads, Activation.GELU, 0, MixtureConfig.hash(List.of(1, 3), 4, 1));

        ModelMemory kept = ModelMemory.training(config, new Activations(rows, capacity, false), 8, 0, 1);
        ModelMemory recomputed = ModelMemory.training(config, new Activations(rows, capacity, true), 8, 0, 1);

        long ofBlock = rows * (8L * dim + heads + 4);
        long dense = ofBlock + 2L * rows * inner;
        long sparse = ofBlock + capacity * (dim + 2L * inner);
        long finalNorm = rows * (dim + 2L);
        assertThat(kept.keptBytes()).isEqualTo(4 * (3 * dense + 2 * sparse + (long) rows * dim + finalNorm));
        assertThat(recomputed.keptBytes()).isEqualTo(4 * ((layers + 1L) * rows * dim + 2L * capacity * dim));
        long once = rows * (7L * dim + heads + 4 + 2L * inner) + 2L * capacity * inner;
        assertThat(recomputed.scratchBytes() - kept.scratchBytes()).isEqualTo(4 * (once + finalNorm));
    }

    /** The formulas of docs/memory.md. */
    @Test
    void segmentsKeepRowsAndHiddenRowsThatTheyReceived() {
        long rows = 16;
        long capacity = 40;
        long dim = 6;
        long inner = 42;
        ModelConfig whole = SmallModel.segmented(List.of(1), 1, 0, 0);
        for (int n : new int[] {2, 3}) {
            ModelConfig segmented = SmallModel.segmented(List.of(1), n, 0, 0);
            for (boolean recomputed : new boolean[] {false, true}) {
                var activations = new Activations((int) rows, (int) capacity, recomputed);
                ModelMemory expected = ModelMemory.training(whole, activations, 4, 0, 1);
                ModelMemory memory = ModelMemory.training(segmented, activations, 4, 0, 1);

                long more = recomputed ? capacity * inner : capacity * (inner / n - inner);
                assertThat(memory.keptBytes() - expected.keptBytes()).isEqualTo(4 * more);
                long scratch = rows * (n * dim + 2 * inner + n * inner + dim) + capacity * (inner + dim) / n;
                long ofWhole = rows * dim + capacity * (dim + inner); // slots, answers and the gradients of inner rows
                long again = recomputed ? capacity * (2 * inner - inner / n) : 0;
                assertThat(memory.scratchBytes() - expected.scratchBytes()).isEqualTo(4 * (scratch - ofWhole - again));
            }
        }
    }

    private static Optimizer optimizer(Parameters parameters, Kernels kernels, Collective collective) {
        var config = new OptimizerConfig(1e-3, 1, Schedule.LINEAR, 0, 0.9, 0.95, 1e-8, 0.1, 1);
        return new Optimizer(config, 1, parameters.dense(), parameters.experts(), kernels, collective);
    }

    private static ModelMemory memory(Shape shape, int rows, int experts, int capacity, int rank) {
        var activations = new Activations(rows, capacity, shape.recomputed);
        return shape.training
                ? ModelMemory.training(shape.config, activations, experts, rank, shape.worldSize)
                : ModelMemory.evaluation(shape.config, activations, experts);
    }
}
