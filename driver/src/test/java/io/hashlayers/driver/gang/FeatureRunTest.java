package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.train.Generator;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs whose hashes read other things than the current token. */
class FeatureRunTest {
    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static TinyRuns runs;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(2);
        runs = TinyRuns.in(dir, spark);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(strings = {"previous-token", "bigram", "position", "oracle-next"})
    void lossesAreTheSameForAnyNumberOfRanks(String feature) {
        List<StepMetrics> alone =
                train(feature + "-1", feature, 1, TinyRuns.STEPS).all(StepMetrics.class);
        Recorder two = train(feature + "-2", feature, 2, TinyRuns.STEPS);

        assertThat(alone).hasSize(TinyRuns.STEPS);
        for (int step = 0; step < TinyRuns.STEPS; step++) {
            double loss = alone.get(step).loss();
            assertThat(two.all(StepMetrics.class).get(step).loss()).isCloseTo(loss, within(1e-4 * loss));
        }
        double ofTraining = two.all(RunSummary.class).get(0).validPerplexity();
        assertThat(runs.evaluate(feature + "-2", 1).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
    }

    @Test
    void theOracleNearlySolvesWhatNoOtherHashCan() {
        double ofOracle = finalPerplexity("oracle", "oracle-next");

        assertThat(ofOracle).isLessThan(0.3 * finalPerplexity("previous", "previous-token"));
        assertThat(ofOracle).isLessThan(0.3 * finalPerplexity("current", "current-token"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"oracle-next"})
    void whatLeaksGeneratesNothing(String feature) {
        train("leaks", feature, 1, 1);
        try (CheckpointReader checkpoint =
                CheckpointReader.open(new Configuration(), runs.folder("leaks"), OptionalLong.empty())) {
            assertThatThrownBy(() -> Generator.load(checkpoint, "nd4j"))
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.USER))
                    .hasMessageContaining("routes by a token that generation does not have yet (" + feature + ")");
        }
    }

    private static double finalPerplexity(String run, String feature) {
        return train(run, feature, 2, 80).all(RunSummary.class).get(0).validPerplexity();
    }

    private static Recorder train(String run, String feature, int ranks, int steps) {
        TableConfig table = TableConfig.of(TableConfig.Kind.BALANCED, 0, TokenFeature.named(feature), false);
        RunConfig config = runs.config(run, MixtureConfig.hash(List.of(1), 24, 1), table, steps, 1e-2);
        return runs.train(config, ranks);
    }
}
