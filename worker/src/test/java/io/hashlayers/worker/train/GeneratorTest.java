package io.hashlayers.worker.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratorTest {
    private static final int V = 11;
    private static final int S = 5;
    private static final int E = 3;
    private static final int K = 2;
    private static final ModelConfig MODEL =
            new ModelConfig(V, S, 2, 6, 8, 2, Activation.GELU, 0.1, MixtureConfig.hash(List.of(1), E, K));
    private static final ExpertTable TABLE = ExpertTable.random(V, E, K, 5);
    private static final SharedHash HASH = new SharedHash(new TokenHash(TokenFeature.CURRENT_TOKEN, TABLE), List.of(1));
    private static final int[] PROMPT = {3, 1};

    @TempDir
    Path run;

    private Generator generator;
    private Evaluator evaluator;

    @BeforeEach
    void saveAndLoadAModel() {
        Configuration hadoop = new Configuration();
        Parameters parameters =
                Parameters.forTraining(MODEL, layer -> IntStream.range(0, E).toArray());
        shake(parameters);
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        new CheckpointWriter(hadoop, run.toString(), alone)
                .write(
                        new CheckpointContent(1, MODEL, new TreeMap<>(), "", List.of(HASH)),
                        CheckpointTensors.of(parameters));
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, run.toString(), OptionalLong.empty())) {
            generator = Generator.load(checkpoint, "auto");
        }
        evaluator = new Evaluator(parameters, alone);
    }

    private static boolean never(int token) {
        return false;
    }

    private static void shake(Parameters parameters) {
        var random = new SplittableRandom(8);
        for (ParameterGroup group : List.of(parameters.dense(), parameters.experts())) {
            for (Parameter parameter : group.parameters()) {
                Matrix value = parameter.value();
                for (int i = 0; i < value.size(); i++) {
                    value.set(i / value.cols(), i % value.cols(), (float) random.nextDouble(-1, 1));
                }
            }
        }
    }

    /** The probability of a next token by the loss that an evaluation measures. */
    private static final class Evaluator {
        private final HashRouter router = new HashRouter();
        private final ShufflePlan plan = new ShufflePlan(ExpertPlacement.roundRobin(E, 1), 0, S, K, S * K);
        private final LanguageModel network;

        Evaluator(Parameters parameters, Collective alone) {
            network = new LanguageModel(
                    parameters, KernelsFactory.named("auto"), alone, List.of(router), Activations.kept(S, S * K), 0);
        }

        double[] probabilitiesAfter(int[] text) {
            int[] last = Arrays.copyOfRange(text, Math.max(0, text.length - S), text.length);
            int[] tokens = Arrays.copyOf(last, S);
            int[] experts = new int[S * K];
            new TokenHash(TokenFeature.CURRENT_TOKEN, TABLE)
                    .expertsOf(new TokenRows(tokens, new int[0], new int[0], V, S), S, experts);
            int[] counts = new int[E];
            Arrays.stream(experts).forEach(expert -> counts[expert]++);
            plan.fill(experts, new int[][] {counts});
            router.follow(plan);
            int[] targets = new int[S];
            Arrays.fill(targets, -1);
            return IntStream.range(0, V)
                    .mapToDouble(token -> {
                        targets[last.length - 1] = token;
                        return Math.exp(-network.loss(tokens, targets));
                    })
                    .toArray();
        }
    }

    @Test
    void temperatureZeroTakesWhatAnEvaluationFindsMostProbable() {
        int[] text = PROMPT.clone();
        for (int i = 0; i < 3 * S; i++) { // the window begins to slide
            double[] probabilities = evaluator.probabilitiesAfter(text);
            assertThat(Arrays.stream(probabilities).sum()).isCloseTo(1, within(1e-5));
            int expected = IntStream.range(0, V)
                    .boxed()
                    .max(Comparator.comparingDouble(token -> probabilities[token]))
                    .orElseThrow();
            text = Arrays.copyOf(text, text.length + 1);
            text[text.length - 1] = expected;
        }

        int[] added = generator.generate(PROMPT, 3 * S, 0, 0, 1, GeneratorTest::never);

        assertThat(added).isEqualTo(Arrays.copyOfRange(text, PROMPT.length, text.length));
        assertThat(generator.generate(PROMPT, 3 * S, 0, 7, 99, GeneratorTest::never))
                .isEqualTo(added);
        assertThat(generator.generate(PROMPT, 3 * S, 2.5, 1, 99, GeneratorTest::never))
                .isEqualTo(added);
    }

    /** 10,000 draws of 11 tokens: chi-squared with 10 degrees of freedom is above 46 once in a million. */
    @Test
    void temperatureOneDrawsByTheProbabilitiesOfAnEvaluation() {
        int draws = 10_000;
        double[] probabilities = evaluator.probabilitiesAfter(PROMPT);
        long[] counts = new long[V];
        for (int seed = 0; seed < draws; seed++) {
            counts[generator.generate(PROMPT, 1, 1, 0, seed, GeneratorTest::never)[0]]++;
        }

        double chiSquared = IntStream.range(0, V)
                .mapToDouble(token -> {
                    double expected = draws * probabilities[token];
                    return (counts[token] - expected) * (counts[token] - expected) / expected;
                })
                .sum();
        assertThat(chiSquared).isLessThan(46);
    }

    @Test
    void equalSeedsGiveEqualTextsAndOthersOthers() {
        int[] text = generator.generate(PROMPT, 30, 1, 0, 7, GeneratorTest::never);

        assertThat(generator.generate(PROMPT, 30, 1, 0, 7, GeneratorTest::never))
                .isEqualTo(text);
        assertThat(generator.generate(PROMPT, 30, 1, 0, 8, GeneratorTest::never))
                .isNotEqualTo(text);
        assertThat(text).hasSize(30);
        assertThat(Arrays.stream(text)).allMatch(token -> token >= 0 && token < V);
    }

    @Test
    void onlyTheLastWindowOfAPromptCounts() {
        int[] forgotten = {9, 8, 7, 6, 1, 2, 3, 4, 5};
        int[] window = {1, 2, 3, 4, 5};

        assertThat(generator.generate(forgotten, 20, 1, 0, 3, GeneratorTest::never))
                .isEqualTo(generator.generate(window, 20, 1, 0, 3, GeneratorTest::never));
    }

    @Test
    void theTokenThatStopsIsTheLast() {
        int[] whole = generator.generate(PROMPT, 30, 1, 0, 7, GeneratorTest::never);
        int stop = whole[4];
        int first =
                IntStream.range(0, 5).filter(i -> whole[i] == stop).findFirst().orElseThrow();

        assertThat(generator.generate(PROMPT, 30, 1, 0, 7, token -> token == stop))
                .isEqualTo(Arrays.copyOf(whole, first + 1));
        assertThat(generator.generate(PROMPT, 0, 1, 0, 7, GeneratorTest::never)).isEmpty();
    }

    @Test
    void anEmptyPromptAndNegativeNumbersAreRefused() {
        assertThatThrownBy(() -> generator.generate(new int[0], 1, 1, 0, 1, GeneratorTest::never))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> generator.generate(PROMPT, -1, 1, 0, 1, GeneratorTest::never))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> generator.generate(PROMPT, 1, -0.1, 0, 1, GeneratorTest::never))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> generator.generate(PROMPT, 1, 1, -1, 1, GeneratorTest::never))
                .isInstanceOf(IllegalArgumentException.class);
    }

    /** A million draws: each share within five standard deviations of the softmax over the greatest logits. */
    @RandomSeeds(1)
    void drawsFollowTheSoftmaxOfTheGreatestLogits(long seed) {
        double[] logits = {0.5, -1, 2, 2, -0.25, 1};
        double[][] kept = {{0.5, -1, 2, 2, -0.25, 1}, {Double.NaN, Double.NaN, 2, 2, Double.NaN, 1}};
        int[] topK = {0, 3};
        double temperature = 0.7;
        int draws = 1_000_000;
        Matrix row = Matrix.allocate(1, logits.length);
        for (int token = 0; token < logits.length; token++) {
            row.set(0, token, (float) logits[token]);
        }
        for (int i = 0; i < kept.length; i++) {
            double[] weights = Arrays.stream(kept[i])
                    .map(logit -> Double.isNaN(logit) ? 0 : Math.exp(logit / temperature))
                    .toArray();
            double sum = Arrays.stream(weights).sum();
            var random = new SplittableRandom(seed);
            long[] counts = new long[logits.length];
            for (int draw = 0; draw < draws; draw++) {
                counts[Generator.draw(row, temperature, topK[i], random)]++;
            }

            for (int token = 0; token < logits.length; token++) {
                double p = weights[token] / sum;
                assertThat(counts[token] / (double) draws)
                        .as("token %d among the first %d", token, topK[i])
                        .isCloseTo(p, within(5 * Math.sqrt(p * (1 - p) / draws)));
            }
        }
    }

    @Test
    void aTinyTemperatureAndHugeLogitsDoNotOverflow() {
        Matrix row = Matrix.allocate(1, 3);
        row.set(0, 0, -3e38f);
        row.set(0, 1, 3e38f);
        row.set(0, 2, 2.9e38f);

        for (double temperature : new double[] {0, Double.MIN_VALUE, 1e-30, 1}) {
            assertThat(Generator.draw(row, temperature, 0, new SplittableRandom(1)))
                    .isEqualTo(1);
        }
    }
}
