package io.hashlayers.driver.bench;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Times whole training steps and sets them beside the matrix-product peak of the same ranks in the same run.
 *
 * <p>Operations of a step are counted as 6 for each token and each weight of a matrix product that it meets (2 forward, 4
 * backward; Kaplan et al. 2020): attention scores, norms and the optimizer are not counted, so the share of the peak is what
 * a user gets, not what the machine does.
 */
public final class Bench {
    private static final int WARM_UP_STEPS = 10;
    private static final double PEAK_SECONDS = 2;

    private final RunConfig config;
    private final int ranks;
    private final int steps;
    private final PrintStream out;

    private Bench(RunConfig config, int ranks, int steps, PrintStream out) {
        this.config = config;
        this.ranks = ranks;
        this.steps = steps;
        this.out = out;
    }

    /** What one rank measured: seconds of each step and its matrix peak in operations a second. */
    private static final class Measured {
        final double[] seconds;
        double peak;
        double lossFirst;
        double lossLast;

        Measured(int steps) {
            seconds = new double[steps];
        }
    }

    /**
     * Runs the benchmark and prints its table.
     *
     * @param ranks threads of this JVM that train together; they divide the batch
     * @param steps timed steps, after a warm-up
     */
    public static void run(RunConfig config, int ranks, int steps, PrintStream out) {
        new Bench(config, ranks, steps, out).run();
    }

    private void run() {
        ModelConfig model = config.model();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        long[] counts = zipf.expectedCounts(100_000_000L);
        TokenHash hash = new TokenHash(
                TokenFeature.CURRENT_TOKEN, ExpertTable.balanced(counts, model.numExperts(), model.expertsPerToken()));
        ExpertPlacement placement = ExpertPlacement.byLoad(hash.table().loads(counts), ranks);
        Duration timeout = Duration.ofSeconds(config.train().timeoutSeconds());
        List<Collective> collectives = LocalCollectives.create(ranks, timeout);

        List<Measured> measured = Ranks.run(collectives, collective -> {
            Kernels kernels = KernelsFactory.named(config.kernels());
            if (collective.rank() == 0) {
                out.println("kernels        " + kernels.description());
            }
            return measure(collective, kernels, new TrainingSteps(config, collective, kernels, hash, placement, zipf));
        });
        print(measured, hash.table().loads(counts));
    }

    private Measured measure(Collective collective, Kernels kernels, TrainingSteps training) {
        Measured measured = new Measured(steps);
        long step = 1;
        for (; step <= WARM_UP_STEPS; step++) {
            double nats = training.step(step);
            measured.lossFirst = step == 1 ? nats : measured.lossFirst;
        }
        SgemmPeak peak = new SgemmPeak(kernels);
        meet(collective);
        double before = peak.measure(PEAK_SECONDS / 2);
        meet(collective);
        for (int i = 0; i < steps; i++, step++) {
            long start = System.nanoTime();
            measured.lossLast = training.step(step);
            measured.seconds[i] = (System.nanoTime() - start) * 1e-9;
        }
        meet(collective);
        measured.peak = (before + peak.measure(PEAK_SECONDS / 2)) / 2; // around the steps, against drift of the clock
        return measured;
    }

    private static void meet(Collective collective) {
        collective.allReduce(new double[1]);
    }

    private void print(List<Measured> measured, long[] loads) {
        ModelConfig model = config.model();
        ParameterLayout layout = ParameterLayout.of(model);
        int tokens = config.train().batchSequences() * model.contextLength();
        double[] seconds = measured.get(0).seconds.clone();
        Arrays.sort(seconds);
        double median = seconds[seconds.length / 2];
        double peak = measured.stream().mapToDouble(rank -> rank.peak).sum();
        double operations = 6.0 * layout.multipliedWeights() * tokens;
        double most = Arrays.stream(loads).max().orElse(0);
        double mean = Arrays.stream(loads).average().orElse(1);

        line(
                "model          %,d parameters, %,d of them multiply a token",
                layout.totalParameters(), layout.multipliedWeights());
        line(
                "step           %d sequences of %d tokens on %d ranks, %d experts in layers %s, expected MaxVio %.3f",
                config.train().batchSequences(),
                model.contextLength(),
                ranks,
                model.numExperts(),
                model.sparseLayers(),
                most / mean - 1);
        line("sgemm peak     %.1f GFLOP/s (%d ranks together, 1024 x 1024 x 1024)", peak * 1e-9, ranks);
        line(
                "step time      %.1f ms median of %d (least %.1f, most %.1f)",
                median * 1e3, steps, seconds[0] * 1e3, seconds[seconds.length - 1] * 1e3);
        line("tokens/s       %,.0f", tokens / median);
        line("GFLOP a step   %.1f (6 x multiplied weights x tokens)", operations * 1e-9);
        line("share of peak  %.1f %%", 100 * operations / median / peak);
        line(
                "loss           %.4f in the first step, %.4f in the last",
                measured.stream().mapToDouble(rank -> rank.lossFirst).sum() / tokens,
                measured.stream().mapToDouble(rank -> rank.lossLast).sum() / tokens);
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
