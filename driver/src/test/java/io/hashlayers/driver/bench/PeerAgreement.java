package io.hashlayers.driver.bench;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Compares our loss and gradients, of one rank, with libtorch's in every setup, for random weights and one batch. */
final class PeerAgreement {
    private static final double TOLERANCE = 1e-4;

    private final RunConfig config;
    private final Path libraries;

    PeerAgreement(RunConfig config, Path libraries) {
        this.config = config;
        this.libraries = libraries;
    }

    /** Whether all agree; leaves the files of weights and batch in {@code dir}. */
    boolean holds(Path dir) throws IOException {
        ModelConfig model = config.model();
        int rows = config.train().batchSequences() * model.contextLength();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        ExpertTable table =
                ExpertTable.balanced(zipf.expectedCounts(100_000_000L), model.numExperts(), model.expertsPerToken());
        int[] tokens = new int[rows];
        int[] targets = new int[rows];
        zipf.draw(new SplittableRandom(1), tokens);
        zipf.draw(new SplittableRandom(2), targets);
        int[] experts = new int[rows];
        TokenRows batch = new TokenRows(tokens, targets, new int[0], model.vocabularySize(), model.contextLength());
        new TokenHash(TokenFeature.CURRENT_TOKEN, table).expertsOf(batch, rows, experts);

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

        double loss = forwardBackward(parameters, tokens, targets, experts) / rows;
        boolean same = true;
        for (PeerSetup setup : PeerSetup.ALL) {
            same &= agrees(dir, setup, loss, all);
        }
        return same;
    }

    private boolean agrees(Path dir, PeerSetup setup, double ours, List<Parameter> parameters) throws IOException {
        Path answer = dir.resolve("gradients.safetensors");
        Files.deleteIfExists(answer);
        double theirs;
        try (PeerGroup peer = new PeerGroup(libraries, dir, setup)) {
            theirs = peer.gradients();
        }
        double worst = worstDifference(parameters, PeerFiles.read(answer));
        boolean same = Math.abs(ours - theirs) <= TOLERANCE * theirs && worst <= TOLERANCE;
        System.out.printf(
                "%-6s %-52s loss %.6f, ours %.6f; gradients differ by %.1e at most: %s%n",
                config.model().sparseLayers().isEmpty() ? "dense" : "sparse",
                setup,
                theirs,
                ours,
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
                Activations.kept(tokens.length, tokens.length),
                1);
        return network.forwardBackward(1, 0, tokens, targets, 1f / tokens.length, GradientsReady.NOBODY);
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
}
