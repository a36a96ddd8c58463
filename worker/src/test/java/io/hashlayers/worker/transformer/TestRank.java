package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.PlannedRouter;
import io.hashlayers.worker.router.Router;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;

/** One rank of a model under test: its parameters, its model and its rows of the global batch. */
final class TestRank {
    /** Of dropout. */
    static final long SEED = 7;

    /** A step whose masks a test knows. */
    static final long STEP = 3;

    final Parameters parameters;
    final LanguageModel model;
    final ShufflePlan plan;
    final int[] tokens;
    final int[] targets;
    final float gradientScale;
    final int receiveCapacity;

    TestRank(SmallModel small, ExpertPlacement placement, Collective collective, Kernels kernels) {
        this(small, placement, collective, kernels, true, false);
    }

    /**
     * @param recomputed whether activations are
     */
    TestRank(
            SmallModel small,
            ExpertPlacement placement,
            Collective collective,
            Kernels kernels,
            boolean training,
            boolean recomputed) {
        this(small, placement, collective, kernels, training, recomputed, UnaryOperator.identity());
    }

    /**
     * @param recomputed whether activations are
     * @param instead of the router of each sparse layer
     */
    TestRank(
            SmallModel small,
            ExpertPlacement placement,
            Collective collective,
            Kernels kernels,
            boolean training,
            boolean recomputed,
            UnaryOperator<Router> instead) {
        ModelConfig config = small.config();
        int rank = collective.rank();
        int rows = small.batch().tokens.length / collective.worldSize();
        int k = small.choices();
        ExpertPlacement units = small.ofUnits(placement);
        this.tokens = Arrays.copyOfRange(small.batch().tokens, rank * rows, (rank + 1) * rows);
        this.targets = Arrays.copyOfRange(small.batch().targets, rank * rows, (rank + 1) * rows);
        this.gradientScale = small.gradientScale();
        int[] experts = small.batch().experts;
        int[][] receiveCounts = receiveCounts(units, rank, experts, rows * k);
        this.receiveCapacity = Math.max(
                Arrays.stream(receiveCounts).flatMapToInt(Arrays::stream).sum(),
                learnedCapacity(config, placement, rank, rows));
        this.plan = new ShufflePlan(units, rank, rows, k, receiveCapacity);
        plan.fill(Arrays.copyOfRange(experts, rank * rows * k, (rank + 1) * rows * k), receiveCounts);
        this.parameters = training
                ? Parameters.forTraining(config, layer -> placement.expertsOf(rank))
                : Parameters.forEvaluation(config, layer -> placement.expertsOf(rank));
        load(small, parameters);
        var activations = new Activations(rows, receiveCapacity, recomputed);
        List<ExpertPlacement> placements =
                Collections.nCopies(config.sparseLayers().size(), placement);
        List<Router> routers = Routers.create(parameters, kernels, collective, placements, activations, SEED);
        for (Router router : routers) {
            if (router instanceof PlannedRouter planned) {
                planned.follow(plan);
            }
        }
        this.model = new LanguageModel(
                parameters, kernels, collective, routers.stream().map(instead).toList(), activations, SEED);
    }

    private static int learnedCapacity(ModelConfig config, ExpertPlacement placement, int rank, int rows) {
        return config.mixture().routers().stream()
                .mapToInt(router -> router.receiveCapacity(
                        rows,
                        placement.worldSize(),
                        config.numExperts(),
                        placement.expertsOf(rank).length,
                        config.expertsPerToken()))
                .max()
                .orElse(0);
    }

    /** Sum of nats of this rank's rows; gradients are those of the mean over the global batch. */
    double forwardBackward(long step) {
        return forwardBackward(step, GradientsReady.NOBODY);
    }

    double forwardBackward(long step, GradientsReady ready) {
        return model.forwardBackward(step, 0, tokens, targets, gradientScale, ready);
    }

    double loss() {
        return model.loss(tokens, targets);
    }

    /** A matrix as an array, row after row. */
    static double[] elements(Matrix matrix) {
        double[] elements = new double[(int) matrix.size()];
        Arrays.setAll(elements, i -> matrix.get(i / matrix.cols(), i % matrix.cols()));
        return elements;
    }

    /** Gives each tensor of a rank its values. */
    static void load(SmallModel small, Parameters parameters) {
        for (ParameterGroup group : new ParameterGroup[] {parameters.dense(), parameters.experts()}) {
            for (Parameter parameter : group.parameters()) {
                double[] from = small.values(parameter.name());
                int cols = parameter.spec().cols();
                for (int i = 0; i < from.length; i++) {
                    parameter.value().set(i / cols, i % cols, (float) from[i]);
                }
            }
        }
    }

    /**
     * Rows from each rank for each expert, or segment, of this one.
     *
     * @param placement of what rows visit
     * @param experts of each choice of all ranks
     */
    static int[][] receiveCounts(ExpertPlacement placement, int rank, int[] experts, int choicesPerRank) {
        int[][] counts = new int[placement.worldSize()][placement.expertsOf(rank).length];
        for (int choice = 0; choice < experts.length; choice++) {
            if (placement.rankOf(experts[choice]) == rank) {
                counts[choice / choicesPerRank][placement.localIndex(experts[choice])]++;
            }
        }
        return counts;
    }
}
