package io.hashlayers.driver.bench;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ModelMemory;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Times training steps of two ranks in this JVM with and without some settings, in turn, and prints what the activations of
 * a rank take. Not a test, since figures are the machine's.
 *
 * <p>On a busy machine compare processor time: it leaves out what the ranks wait for a core.
 */
final class SettingRace {
    private static final int RANKS = 2;
    private static final int WARM_UP = 10;
    private static final int STEPS_IN_TURN = 2;
    private static final long CORPUS = 100_000_000L;
    private static final Duration DEADLINE = Duration.ofMinutes(10);

    private final String name;
    private final RunConfig config;
    private final List<StepTimes> ranks = new ArrayList<>();
    private final AtomicLong processorNanos = new AtomicLong(); // of all ranks

    private SettingRace(String name, Settings settings, int steps) {
        this.name = name;
        this.config = settings.run("", settings.bench().vocabularySize());
        ModelConfig model = config.model();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        long[] counts = zipf.expectedCounts(CORPUS);
        TokenHash hash = new TokenHash(
                TokenFeature.CURRENT_TOKEN, ExpertTable.balanced(counts, model.numExperts(), model.expertsPerToken()));
        ExpertPlacement placement = ExpertPlacement.byLoad(hash.table().loads(counts), RANKS);
        for (Collective collective : LocalCollectives.create(RANKS, DEADLINE)) {
            Kernels kernels = KernelsFactory.named(config.kernels());
            ranks.add(new StepTimes(new TrainingSteps(config, collective, kernels, hash, placement, zipf), steps));
        }
    }

    /**
     * Prints times, memory and ratios.
     *
     * @param arguments file of settings, steps, then {@code key=value} of the other side
     */
    public static void main(String[] arguments) {
        List<Path> file = List.of(Path.of(arguments[0]));
        int steps = Integer.parseInt(arguments[1]);
        List<String> overrides = Arrays.asList(arguments).subList(2, arguments.length);
        var plain = new SettingRace(arguments[0], Settings.load(file, List.of()), steps);
        var other = new SettingRace(String.join(" ", overrides), Settings.load(file, overrides), steps);
        plain.all(rank -> rank.warmUp(WARM_UP));
        other.all(rank -> rank.warmUp(WARM_UP));
        for (int done = 0; done < steps; done += STEPS_IN_TURN) {
            int turn = Math.min(STEPS_IN_TURN, steps - done);
            plain.time(turn);
            other.time(turn);
        }
        plain.report(steps);
        other.report(steps);
        double[] before = plain.ranks.get(0).seconds();
        double[] after = other.ranks.get(0).seconds();
        double[] pairs =
                IntStream.range(0, steps).mapToDouble(i -> after[i] / before[i]).toArray();
        System.out.printf(
                "processor time %.3f, median of pairs %.3f, activations %.3f%n",
                other.processorNanos.doubleValue() / plain.processorNanos.doubleValue(),
                median(pairs),
                (double) other.bytes() / plain.bytes());
    }

    private void time(int steps) {
        all(rank -> {
            ThreadMXBean threads = ManagementFactory.getThreadMXBean();
            long before = threads.getCurrentThreadCpuTime();
            rank.time(steps);
            processorNanos.addAndGet(threads.getCurrentThreadCpuTime() - before);
        });
    }

    /** Lets all ranks work, each on a thread of its own. */
    private void all(Consumer<StepTimes> work) {
        ExecutorService threads = Executors.newFixedThreadPool(RANKS);
        try {
            CompletableFuture.allOf(ranks.stream()
                            .map(rank -> CompletableFuture.runAsync(() -> work.accept(rank), threads))
                            .toArray(CompletableFuture[]::new))
                    .orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS)
                    .join();
        } finally {
            threads.shutdownNow();
        }
    }

    private void report(int steps) {
        ModelMemory memory = memory();
        double[] seconds = ranks.get(0).seconds();
        System.out.printf(
                "%s: %.1f ms a step, median of %d, %.1f ms of each core; activations kept %.1f MiB, scratch %.1f%n",
                name,
                median(seconds) * 1e3,
                steps,
                processorNanos.doubleValue() * 1e-6 / steps / RANKS,
                memory.keptBytes() / 1048576.0,
                memory.scratchBytes() / 1048576.0);
    }

    private long bytes() {
        return memory().keptBytes() + memory().scratchBytes();
    }

    /** Of a rank that receives as many rows as it sends. */
    private ModelMemory memory() {
        ModelConfig model = config.model();
        int rows = config.sequencesPerRank(RANKS) * model.contextLength();
        var activations = new Activations(
                rows, rows * model.expertsPerToken(), config.train().recomputeActivations());
        return ModelMemory.training(model, activations, model.numExperts() / RANKS, 0, RANKS);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
