package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.Generator;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of segments from its tables to its text. */
class MultiHashRunTest {
    private static final int STEPS = 8;
    private static final int SEGMENTS = 2;
    private static final ModelConfig MODEL = new ModelConfig(
            TinyDataset.VOCABULARY,
            8,
            2,
            8,
            16,
            2,
            Activation.GELU,
            0.1,
            new MixtureConfig(
                    List.of(0, 1),
                    5,
                    1,
                    Collections.nCopies(2, new HashConfig(HashConfig.Combine.SUM, 1, SEGMENTS)),
                    1,
                    0.1));

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static Recorder alone;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(4);
        TinyDataset.write(dir.resolve("dataset"), 3000, 300, 1);
        TinyDataset.writeFrequencies(spark, dir.resolve("dataset"));
        alone = train("alone", 1, false);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void lossesAreTheSameForAnyNumberOfRanksAndToTheBitIfRecomputed() {
        List<Double> expected = losses(alone);
        List<Double> four = losses(train("four", 4, false));

        assertThat(four.get(STEPS - 1)).isLessThan(four.get(0));
        for (int step = 0; step < STEPS; step++) {
            double loss = expected.get(step);
            assertThat(four.get(step)).as("step " + (step + 1)).isCloseTo(loss, within(1e-4 * loss));
        }
        assertThat(losses(train("recomputed", 4, true))).isEqualTo(four);
    }

    @Test
    void everyLayerHasAHashOfItsOwnWithATableForEachSegment() {
        try (CheckpointReader checkpoint =
                CheckpointReader.open(new Configuration(), dir.resolve("alone").toString(), OptionalLong.empty())) {
            assertThat(checkpoint.hashes()).extracting(SharedHash::layers).containsExactly(List.of(0), List.of(1));
            assertThat(checkpoint.hashes().stream()
                            .map(shared -> (MultiHash) shared.hash())
                            .flatMap(hash -> hash.parts().stream())
                            .map(part -> part.table().digest())
                            .distinct())
                    .hasSize(2 * SEGMENTS);

            int[] text = Generator.load(checkpoint, "nd4j").generate(new int[] {1, 2}, 12, 0, 0, 1, token -> false);
            assertThat(text).hasSize(12);
        }
    }

    @Test
    void aCheckpointIsEvaluatedAsTheRunDidByAnyNumberOfRanks() {
        double expected = alone.all(RunSummary.class).get(0).validPerplexity();

        for (int ranks : new int[] {1, 3}) {
            var request = new EvaluationRequest(
                    dir.resolve("alone").toString(),
                    OptionalLong.empty(),
                    dir.resolve("dataset").toString(),
                    "valid",
                    12,
                    1,
                    ranks,
                    "nd4j",
                    30);
            assertThat(EvaluationRun.run(spark, request, new Recorder()).perplexity())
                    .isCloseTo(expected, within(1e-5 * expected));
        }
    }

    private static List<Double> losses(Recorder run) {
        return run.all(StepMetrics.class).stream().map(StepMetrics::loss).toList();
    }

    private static Recorder train(String run, int ranks, boolean recompute) {
        var config = new RunConfig(
                dir.resolve(run).toString(),
                dir.resolve("dataset").toString(),
                MODEL,
                new TableConfig(TableConfig.Kind.BALANCED, 0, TokenFeature.CURRENT_TOKEN, true, "", "", ""),
                new OptimizerConfig(1e-3, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(STEPS, 12, 1, recompute, 0, 0, 0, 0, 30),
                "nd4j");
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, new TrainingRequest(config, ranks, "", Existing.GO_ON), recorder);
        return recorder;
    }
}
