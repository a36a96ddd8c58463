package io.hashlayers.worker.train;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.optimizer.Optimizer;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * Gets a JVM ready for its first step while it waits for Spark, the storage and the plan: loads the natives and trains a tiny
 * model, so that the loops of a step are compiled. A vector loop that is not takes thousands of times as long.
 *
 * <p>Nothing of it is kept, and no number of a run depends on it.
 */
public final class WarmUp {
    private static final int VOCABULARY = 1024;
    private static final int CONTEXT = 128;
    private static final int EXPERTS = 2;
    private static final int STEPS = 400;
    private static final Duration AT_MOST = Duration.ofSeconds(8);

    private final Kernels kernels;
    private final LanguageModel network;
    private final Optimizer optimizer;
    private final int[] tokens = new int[CONTEXT];
    private final double[] more = new double[0];

    private WarmUp(String kernelsName, Activation activation, double dropout) {
        ModelConfig model = new ModelConfig(
                VOCABULARY, CONTEXT, 2, 128, 256, 2, activation, dropout, MixtureConfig.hash(List.of(1), EXPERTS, 1));
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        Parameters parameters = Parameters.forTraining(model, layer -> new int[] {0, 1});
        parameters.initialize(1);
        Arrays.setAll(tokens, i -> i * i % VOCABULARY);
        HashRouter router = new HashRouter();
        router.follow(plan(tokens));
        this.kernels = KernelsFactory.named(kernelsName);
        this.network =
                new LanguageModel(parameters, kernels, alone, List.of(router), Activations.kept(CONTEXT, CONTEXT), 1);
        this.optimizer = new Optimizer(
                new OptimizerConfig(1e-4, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.95, 1e-8, 0, 1),
                STEPS,
                parameters.dense(),
                parameters.experts(),
                kernels,
                alone);
    }

    private static ShufflePlan plan(int[] tokens) {
        ShufflePlan plan = new ShufflePlan(ExpertPlacement.roundRobin(EXPERTS, 1), 0, tokens.length, 1, tokens.length);
        int[] experts = Arrays.stream(tokens).map(token -> token % EXPERTS).toArray();
        int[] counts = new int[EXPERTS];
        for (int expert : experts) {
            counts[expert]++;
        }
        plan.fill(experts, new int[][] {counts});
        return plan;
    }

    /**
     * Begins, on a thread of its own that ends by itself after some seconds. What fails here will fail again, and be told,
     * where it matters.
     *
     * @param kernels name of the kernels to get ready
     */
    public static Thread start(String kernels, Activation activation, double dropout) {
        Thread thread = new Thread(() -> new WarmUp(kernels, activation, dropout).run(), "hashlayers-warm-up");
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler((failed, cause) -> {});
        thread.start();
        return thread;
    }

    private void run() {
        long end = System.nanoTime() + AT_MOST.toNanos();
        for (long step = 1; step <= STEPS && System.nanoTime() < end; step++) {
            network.forwardBackward(step, 0, tokens, tokens, 1f / CONTEXT, optimizer.gradientsReady());
            optimizer.update(step, optimizer.reduceGradients(more));
        }
    }
}
