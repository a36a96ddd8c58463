package io.hashlayers.driver.bench;

import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** Times our steps and libtorch's in turn: a few of ours, a few of each setup, and again. */
final class PeerRace {
    private static final int ROUNDS = 5;
    private static final int WARM_UP = 40; // for the just-in-time compiler
    private static final int STEPS = 10;
    private static final int OUR_RANKS = 2;
    private static final long DEADLINE_SECONDS = 300;

    private final RunConfig config;
    private final Path libraries;

    PeerRace(RunConfig config, Path libraries) {
        this.config = config;
        this.libraries = libraries;
    }

    /** Prints what each did with the files of {@code dir}. */
    void run(Path dir) throws Exception {
        List<PeerGroup> peers = new ArrayList<>();
        List<ExecutorService> threads = Stream.generate(Executors::newSingleThreadExecutor)
                .limit(OUR_RANKS)
                .toList();
        try {
            List<StepTimes> ours = ourRanks(threads);
            for (PeerSetup setup : PeerSetup.ALL) {
                peers.add(new PeerGroup(libraries, dir, setup));
            }
            all(ours, threads, rank -> rank.warmUp(WARM_UP));
            for (PeerGroup peer : peers) {
                peer.steps(STEPS);
            }
            List<double[]> theirs = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                all(ours, threads, rank -> rank.time(STEPS));
                for (PeerGroup peer : peers) {
                    theirs.add(peer.steps(STEPS));
                }
            }
            report(ours.get(0).seconds(), theirs);
        } finally {
            peers.forEach(PeerGroup::close);
            threads.forEach(ExecutorService::shutdownNow);
        }
    }

    /** @param theirs seconds by round and setup */
    private void report(double[] ours, List<double[]> theirs) {
        double mine = report("ours, %d ranks".formatted(OUR_RANKS), ours);
        double best = 0;
        int setups = PeerSetup.ALL.size();
        for (int setup = 0; setup < setups; setup++) {
            DoubleStream seconds = DoubleStream.empty();
            for (int round = 0; round < ROUNDS; round++) {
                seconds = DoubleStream.concat(seconds, Arrays.stream(theirs.get(round * setups + setup)));
            }
            best = Math.max(best, report(PeerSetup.ALL.get(setup).toString(), seconds.toArray()));
        }
        System.out.printf("ours / best of libtorch: %.2f%n", mine / best);
    }

    /** Makes each rank on the thread that it runs on, as a run does. */
    private List<StepTimes> ourRanks(List<ExecutorService> threads) throws Exception {
        ModelConfig model = config.model();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        long[] counts = zipf.expectedCounts(100_000_000L);
        TokenHash hash =
                new TokenHash(TokenFeature.CURRENT_TOKEN, config.table().build(model, counts, 0));
        ExpertPlacement placement = ExpertPlacement.byLoad(hash.table().loads(counts), OUR_RANKS);
        List<Future<StepTimes>> making = new ArrayList<>();
        for (Collective collective : LocalCollectives.create(OUR_RANKS, Duration.ofSeconds(60))) {
            making.add(threads.get(collective.rank()).submit(() -> {
                Kernels kernels = KernelsFactory.named(config.kernels());
                return new StepTimes(
                        new TrainingSteps(config, collective, kernels, hash, placement, zipf), ROUNDS * STEPS);
            }));
        }
        List<StepTimes> ranks = new ArrayList<>();
        for (Future<StepTimes> rank : making) {
            ranks.add(rank.get(DEADLINE_SECONDS, TimeUnit.SECONDS));
        }
        return ranks;
    }

    private interface Work {
        void of(StepTimes rank);
    }

    private static void all(List<StepTimes> ranks, List<ExecutorService> threads, Work work) throws Exception {
        List<Future<?>> running = new ArrayList<>();
        for (int rank = 0; rank < ranks.size(); rank++) {
            StepTimes times = ranks.get(rank);
            running.add(threads.get(rank).submit(() -> work.of(times)));
        }
        for (Future<?> rank : running) {
            rank.get(DEADLINE_SECONDS, TimeUnit.SECONDS);
        }
    }

    private double report(String name, double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        double tokens =
                (double) config.train().batchSequences() * config.model().contextLength();
        System.out.printf(
                "%-52s %,7.0f tokens/s; %.1f ms a step, median of %d (least %.1f, most %.1f)%n",
                name, tokens / median, median * 1e3, sorted.length, sorted[0] * 1e3, sorted[sorted.length - 1] * 1e3);
        return tokens / median;
    }
}
