package io.hashlayers.driver.bench;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameter;
import io.hashlayers.worker.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Compares our training step with the same step in libtorch: first loss and gradients, for the model and for its dense twin,
 * then speed, in turn and in one run. A program, not a test: its figures are the machine's. Arguments: a configuration such
 * as conf/bench-small.conf, and the folder of the peer's jars.
 */
final class PeerComparison {
    private static final double TOLERANCE = 1e-4;
    private static final int ROUNDS = 5;
    private static final int WARM_UP = 40; // for the just-in-time compiler
    private static final int STEPS = 10;
    private static final int OUR_RANKS = 2;

    private final RunConfig config;
    private final Path libraries;

    private PeerComparison(RunConfig config, Path libraries) {
        this.config = config;
        this.libraries = libraries;
    }

    /** Exits with 1 if loss or gradients differ. */
    public static void main(String[] args) throws Exception {
        Settings settings = Settings.load(List.of(Path.of(args[0])), List.of());
        RunConfig config = settings.run("", settings.bench().vocabularySize());
        Path libraries = Path.of(args[1]);
        Path dir = Files.createTempDirectory("libtorch-peer");
        try {
            boolean same = true;
            for (ModelConfig model : List.of(config.model().dense(), config.model())) {
                same &= new PeerComparison(config.of(model), libraries).agree(dir);
            }
            if (!same) {
                System.exit(1);
            }
            new PeerComparison(config, libraries).race(dir);
        } finally {
            try (Stream<Path> files = Files.list(dir)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(dir);
        }
    }

    /** Loss and gradients of both for random weights and one batch; leaves the files in {@code dir}. */
    private boolean agree(Path dir) throws IOException {
        ModelConfig model = config.model();
        int length = model.contextLength();
        int rows = config.train().batchSequences() * length;
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        ExpertTable table =
                ExpertTable.balanced(zipf.expectedCounts(100_000_000L), model.numExperts(), model.expertsPerToken());
        int[] tokens = new int[rows];
        int[] targets = new int[rows];
        zipf.draw(new SplittableRandom(1), tokens);
        zipf.draw(new SplittableRandom(2), targets);
        int[] experts = new int[rows];
        new TokenHash(TokenFeature.CURRENT_TOKEN, table).expertsOf(tokens, rows, length, experts);

        Parameters parameters = Parameters.forTraining(
                model, layer -> IntStream.range(0, model.numExperts()).toArray());
        List<Parameter> all = new ArrayList<>(parameters.dense().parameters());
        all.addAll(parameters.experts().parameters());
        randomize(all);
        PeerFiles.writeModel(dir, config);
        PeerFiles.writeInts(dir.resolve("tokens.bin"), tokens);
        PeerFiles.writeInts(dir.resolve("targets.bin"), targets);
        PeerFiles.writeInts(dir.resolve("table.bin"), table.toTid2eid());
        PeerFiles.writeWeights(dir.resolve("weights.safetensors"), all);

        double ours = forwardBackward(parameters, tokens, targets, experts) / rows;
        double theirs;
        try (PeerProcess peer = new PeerProcess(libraries, dir, 1, "openblas")) {
            theirs = peer.gradients();
        }
        double worst = worstDifference(all, PeerFiles.read(dir.resolve("gradients.safetensors")));
        boolean same = Math.abs(ours - theirs) <= TOLERANCE * theirs && worst <= TOLERANCE;
        System.out.printf(
                "%-7s loss ours %.6f, libtorch %.6f; gradients differ by %.1e at most: %s%n",
                model.sparseLayers().isEmpty() ? "dense" : "sparse",
                ours,
                theirs,
                worst,
                same ? "the same" : "DIFFERENT");
        return same;
    }

    private static void randomize(List<Parameter> parameters) {
        SplittableRandom random = new SplittableRandom(3);
        for (Parameter parameter : parameters) {
            Matrix value = parameter.value();
            double mean = parameter.name().endsWith("norm.weight") ? 1 : 0;
            for (int i = 0; i < value.size(); i++) {
                value.set(i / value.cols(), i % value.cols(), (float) (mean + 0.05 * random.nextGaussian()));
            }
        }
    }

    private double forwardBackward(Parameters parameters, int[] tokens, int[] targets, int[] experts) {
        ModelConfig model = config.model();
        Collective alone = LocalCollectives.create(1, Duration.ofSeconds(60)).get(0);
        ExpertPlacement placement = ExpertPlacement.roundRobin(model.numExperts(), 1);
        ShufflePlan plan = new ShufflePlan(placement, 0, tokens.length, 1, tokens.length);
        int[][] receives = new int[1][model.numExperts()];
        for (int expert : experts) {
            receives[0][expert]++;
        }
        plan.fill(experts, receives);
        HashRouter router = new HashRouter();
        router.follow(plan);
        Kernels kernels = KernelsFactory.named(config.kernels());
        LanguageModel network = new LanguageModel(
                parameters,
                kernels,
                alone,
                Collections.nCopies(model.sparseLayers().size(), router),
                tokens.length,
                tokens.length,
                1);
        return network.forwardBackward(1, tokens, targets, 1f / tokens.length);
    }

    /** Largest norm of the difference of a tensor's gradients, as a share of the norm of its gradient. */
    private static double worstDifference(List<Parameter> ours, Map<String, float[]> theirs) {
        Kernels kernels = KernelsFactory.best();
        double worst = 0;
        for (Parameter parameter : ours) {
            Matrix gradient = parameter.gradient(kernels);
            float[] other = Objects.requireNonNull(theirs.get(parameter.name()), parameter.name());
            double squares = 0;
            double differences = 0;
            for (int i = 0; i < other.length; i++) {
                double mine = gradient.get(i / gradient.cols(), i % gradient.cols());
                squares += mine * mine;
                differences += (mine - other[i]) * (mine - other[i]);
            }
            worst = Math.max(worst, Math.sqrt(differences / Math.max(squares, 1e-30)));
        }
        return worst;
    }

    /** Times both in turn: a few steps of ours, a few of each configuration of the peer, and again. */
    private void race(Path dir) throws Exception {
        List<String> names = new ArrayList<>();
        List<PeerProcess> peers = new ArrayList<>();
        List<double[]> seconds = new ArrayList<>();
        List<StepTimes> ours = ourRanks();
        List<ExecutorService> threads =
                ours.stream().map(rank -> Executors.newSingleThreadExecutor()).toList();
        try {
            for (String blas : List.of("openblas", "mkl")) {
                for (int count : new int[] {1, 2}) {
                    peers.add(new PeerProcess(libraries, dir, count, blas));
                    names.add("libtorch, %s, %d thread(s)".formatted(blas, count));
                    seconds.add(new double[0]);
                }
            }
            all(ours, threads, rank -> rank.warmUp(WARM_UP));
            for (PeerProcess peer : peers) {
                peer.steps(STEPS);
            }
            for (int round = 0; round < ROUNDS; round++) {
                all(ours, threads, rank -> rank.time(STEPS));
                for (int i = 0; i < peers.size(); i++) {
                    double[] more = peers.get(i).steps(STEPS);
                    seconds.set(
                            i,
                            Stream.of(seconds.get(i), more)
                                    .flatMapToDouble(Arrays::stream)
                                    .toArray());
                }
            }
        } finally {
            peers.forEach(PeerProcess::close);
            threads.forEach(ExecutorService::shutdownNow);
        }
        double mine = report("ours, %d ranks".formatted(OUR_RANKS), ours.get(0).seconds());
        double best = 0;
        for (int i = 0; i < peers.size(); i++) {
            best = Math.max(best, report(names.get(i), seconds.get(i)));
        }
        System.out.printf("ours / best of libtorch: %.2f%n", mine / best);
    }

    private List<StepTimes> ourRanks() {
        ModelConfig model = config.model();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        long[] counts = zipf.expectedCounts(100_000_000L);
        TokenHash hash = new TokenHash(
                TokenFeature.CURRENT_TOKEN, ExpertTable.balanced(counts, model.numExperts(), model.expertsPerToken()));
        ExpertPlacement placement = ExpertPlacement.byLoad(hash.table().loads(counts), OUR_RANKS);
        List<StepTimes> ranks = new ArrayList<>();
        for (Collective collective : LocalCollectives.create(OUR_RANKS, Duration.ofSeconds(60))) {
            Kernels kernels = KernelsFactory.named(config.kernels());
            ranks.add(new StepTimes(
                    new TrainingSteps(config, collective, kernels, hash, placement, zipf), ROUNDS * STEPS));
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
            rank.get();
        }
    }

    private double report(String name, double[] seconds) {
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        double tokens =
                (double) config.train().batchSequences() * config.model().contextLength();
        System.out.printf(
                "%-32s %,7.0f tokens/s; %.1f ms a step, median of %d (least %.1f, most %.1f)%n",
                name, tokens / median, median * 1e3, sorted.length, sorted[0] * 1e3, sorted[sorted.length - 1] * 1e3);
        return tokens / median;
    }
}
