package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DistillationRunTest {
    private static final int EXPERTS = 4;
    private static final int ROWS = 374; // sequences of 8 in 3,000 tokens with the one after the last

    /** Reads tokens alone, and drops much. */
    private static final RouterConfig OF_TOKENS = new SwitchConfig(0.5, 0.5, 0, 0, SwitchConfig.Reads.TOKEN);

    private static final RouterConfig SWITCH = new SwitchConfig(1.25, 0.5, 0.01, 0.01, SwitchConfig.Reads.HIDDEN);
    private static final RouterConfig BASE = new BaseConfig(BaseConfig.Assignment.AUCTION, false);

    private static final RouterConfig SHUFFLING = new BaseConfig(BaseConfig.Assignment.AUCTION, true);

    @TempDir
    static Path dir;

    private static SparkSession spark;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(3);
        TinyDataset.write(dir.resolve("text"), 3000, 300, 1);
        TinyDataset.writeFrequencies(spark, dir.resolve("text"));
        train(config("tokens", mixture(1, OF_TOKENS)));
        train(config("two", new MixtureConfig(List.of(0, 1), EXPERTS, 1, List.of(SWITCH, BASE), 0, 0)));
        train(config("pairs", mixture(2, SWITCH)));
        train(config("mixed", new MixtureConfig(List.of(0, 1), EXPERTS, 1, List.of(HashConfig.SUM, SHUFFLING), 0, 0)));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static MixtureConfig mixture(int k, RouterConfig router) {
        return MixtureConfig.of(List.of(1), EXPERTS, k, router);
    }

    private static RunConfig config(String run, MixtureConfig mixture) {
        return new RunConfig(
                dir.resolve(run).toString(),
                dir.resolve("text").toString(),
                new ModelConfig(TinyDataset.VOCABULARY, 8, 2, 8, 16, 2, Activation.GELU, 0, mixture),
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1e-2, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(6, 12, 1, false, 3, 0, 0, 0, 30),
                "nd4j");
    }

    private static Recorder train(RunConfig config) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, new TrainingRequest(config, 2, "settings = 1\n", Existing.GO_ON), recorder);
        return recorder;
    }

    private static List<DistilledTable> distil(String run, int ranks, long sequences, String out) {
        var reading = new EvaluationRequest(
                dir.resolve(run).toString(),
                OptionalLong.empty(),
                dir.resolve("text").toString(),
                "train",
                12,
                1,
                ranks,
                "nd4j",
                30);
        var request =
                new DistillationRequest(reading, sequences, dir.resolve(out).toString(), false);
        return DistillationRun.run(spark, request, new Recorder());
    }

    private static ExpertTable read(String file) throws IOException {
        try (InputStream in = Files.newInputStream(dir.resolve(file))) {
            return ExpertTable.read(in, file);
        }
    }

    /** Such a router is a table: the largest score of each embedding, computed here from the tensors of the checkpoint. */
    @Test
    void aRouterThatReadsTokensAloneBecomesItsOwnTable() throws IOException {
        DistilledTable distilled = distil("tokens", 2, 0, "tokens.bin").get(0);

        ExpertTable table = read("tokens.bin");
        double[][] scores = scores("tokens");
        long[] counts = Frequencies.read(
                        new Configuration(), dir.resolve("text").toString())
                .train();
        for (int token = 0; token < counts.length; token++) {
            if (counts[token] > 1) { // the last token of a split has no row
                double[] ofToken = scores[token];
                assertThat(ofToken[table.expert(token, 0)])
                        .isCloseTo(Arrays.stream(ofToken).max().orElseThrow(), within(1e-7));
            }
        }
        assertThat(distilled.agreement()).isEqualTo(1);
        assertThat(distilled.rows()).isEqualTo(ROWS * 8L);
        assertThat(distilled.layer()).isEqualTo(1);
        assertThat(distilled.routerMaxVio()).isCloseTo(distilled.balance().maxVio(), within(0.02));
    }

    private static double[][] scores(String run) {
        try (CheckpointReader checkpoint =
                CheckpointReader.open(new Configuration(), dir.resolve(run).toString(), OptionalLong.empty())) {
            Matrix embedding = Matrix.allocate(TinyDataset.VOCABULARY, 8);
            Matrix weight = Matrix.allocate(8, EXPERTS);
            checkpoint.read("token_embedding.weight", embedding);
            checkpoint.read("h.1.router.weight", weight);
            double[][] scores = new double[TinyDataset.VOCABULARY][EXPERTS];
            for (int token = 0; token < scores.length; token++) {
                for (int expert = 0; expert < EXPERTS; expert++) {
                    for (int i = 0; i < 8; i++) {
                        scores[token][expert] += (double) embedding.get(token, i) * weight.get(i, expert);
                    }
                }
            }
            return scores;
        }
    }

    @Test
    void eachLearnedLayerGetsATableWhateverTheNumberOfRanks() throws IOException {
        List<DistilledTable> alone = distil("two", 1, 0, "one-{layer}.bin");
        List<DistilledTable> three = distil("two", 3, 0, "three-{layer}.bin");

        assertThat(alone).extracting(DistilledTable::layer).containsExactly(0, 1);
        for (int layer : new int[] {0, 1}) {
            assertThat(read("three-" + layer + ".bin")).isEqualTo(read("one-" + layer + ".bin"));
            assertThat(three.get(layer).rows()).isEqualTo(ROWS * 8L); // the capacity of 0.5 dropped none
            assertThat(three.get(layer).agreement())
                    .isBetween(1.0 / EXPERTS, 1.0)
                    .isEqualTo(alone.get(layer).agreement());
        }
    }

    @Test
    void tokensThatAFewSequencesLackAreDealtOut() throws IOException {
        DistilledTable few = distil("tokens", 2, 2, "few.bin").get(0);

        assertThat(few.rows()).isEqualTo(2 * 8);
        assertThat(few.seen()).isBetween(1, 16);
        assertThat(few.values()).isEqualTo(TinyDataset.VOCABULARY);
        assertThat(read("few.bin").values()).isEqualTo(TinyDataset.VOCABULARY);
    }

    @Test
    void twoExpertsOfATokenAreBothTaken() throws IOException {
        DistilledTable pairs = distil("pairs", 2, 0, "pairs.bin").get(0);

        assertThat(read("pairs.bin").expertsPerToken()).isEqualTo(2);
        assertThat(pairs.rows()).isEqualTo(2 * ROWS * 8L);
    }

    @Test
    void trainingGoesOnWithTheTable() throws IOException {
        distil("mixed", 2, 0, "mixed.bin"); // block 1 alone has learned
        RouterConfig gate = new HashConfig(HashConfig.Combine.SIGMOID, 1, 1);
        MixtureConfig frozen = new MixtureConfig(List.of(0, 1), EXPERTS, 1, List.of(HashConfig.SUM, gate), 0, 0);
        TuningConfig from = new TuningConfig(dir.resolve("mixed").toString(), 0, true, FrozenTensors.NONE);

        Recorder tuned = train(table(config("going-on", frozen), "mixed.bin").tuned(from));

        try (CheckpointReader checkpoint = CheckpointReader.open(
                new Configuration(), dir.resolve("going-on").toString(), OptionalLong.empty())) {
            assertThat(checkpoint.hashes()).hasSize(2);
            assertThat(checkpoint.hashes().get(0).layers()).containsExactly(0); // kept
            assertThat(checkpoint.hashes().get(1).layers()).containsExactly(1);
            assertThat(checkpoint.hashes().get(1).hash().parts().get(0).table()).isEqualTo(read("mixed.bin"));
        }
        assertThat(tuned.all(String.class)).noneMatch(note -> note.contains("first values"));
    }

    private static RunConfig table(RunConfig config, String file) {
        return new RunConfig(
                config.runDir(),
                config.datasetDir(),
                config.model(),
                new TableConfig(
                        TableConfig.Kind.FILE,
                        0,
                        TokenFeature.CURRENT_TOKEN,
                        false,
                        dir.resolve(file).toString(),
                        "",
                        ""),
                config.optimizer(),
                config.train(),
                config.kernels());
    }

    @Test
    void aTableForAnotherModelIsRefused() throws IOException {
        write("five.bin", ExpertTable.modulo(TinyDataset.VOCABULARY, 5, 1));
        write("short.bin", ExpertTable.modulo(TinyDataset.VOCABULARY - 1, EXPERTS, 1));
        write("double.bin", ExpertTable.modulo(TinyDataset.VOCABULARY, EXPERTS, 2));
        write("right.bin", ExpertTable.modulo(TinyDataset.VOCABULARY, EXPERTS, 1));
        RunConfig hash = config("refused", MixtureConfig.hash(List.of(1), EXPERTS, 1));

        assertRefused(Failure.DATA, () -> train(table(hash, "five.bin")))
                .hasMessageContaining(
                        "five.bin has 50 values with 1 of 5 experts each; the model needs 50 (moe.feature, dictionary) with 1"
                                + " (moe.experts-per-token) of 4 (moe.num-experts)");
        assertRefused(Failure.DATA, () -> train(table(hash, "short.bin"))).hasMessageContaining("has 49 values");
        assertRefused(Failure.DATA, () -> train(table(hash, "double.bin"))).hasMessageContaining("with 2 of 4");
        assertRefused(Failure.DATA, () -> train(table(hash, "none.bin"))).hasMessageContaining("there is no file");
        MixtureConfig segments = mixture(1, new HashConfig(HashConfig.Combine.SUM, 1, 2));
        assertRefused(Failure.USER, () -> train(table(config("refused", segments), "right.bin")))
                .hasMessageContaining("set moe.segments to 1");
        assertThat(dir.resolve("refused")).doesNotExist();
    }

    private static void write(String file, ExpertTable table) throws IOException {
        try (var out = Files.newOutputStream(dir.resolve(file))) {
            table.write(out);
        }
    }

    @Test
    void whatCannotBeDistilledIsRefused() throws IOException {
        train(config("hash", MixtureConfig.hash(List.of(1), EXPERTS, 1)));
        write("there.bin", ExpertTable.modulo(2, 2, 1));

        assertRefused(Failure.USER, () -> distil("hash", 2, 0, "hash.bin"))
                .hasMessageContaining("has no layer whose router learned");
        assertRefused(Failure.USER, () -> distil("two", 2, 0, "both.bin"))
                .hasMessageContaining("the blocks [0, 1] get a table each; put {layer} into the name");
        assertRefused(Failure.USER, () -> distil("tokens", 2, 0, "there.bin"))
                .hasMessageContaining("there.bin is there already");
        assertRefused(Failure.USER, () -> distil("tokens", 2, -1, "few.bin")).hasMessageContaining("--sequences is -1");
        assertThat(dir.resolve("both.bin")).doesNotExist();
    }

    private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertRefused(
            Failure kind, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return assertThatThrownBy(call).isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                .isEqualTo(kind));
    }
}
