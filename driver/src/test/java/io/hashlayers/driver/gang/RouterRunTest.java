package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.train.Generator;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import java.io.IOException;
import java.nio.file.Files;
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
import org.junit.jupiter.params.provider.CsvSource;

/** Runs with several hashes, with different routers in different layers, and with routers that learn. */
class RouterRunTest {
    private static final Configuration HADOOP = new Configuration();
    private static final SwitchConfig SWITCH = new SwitchConfig(1.25, 2, 0.01, 0.01, SwitchConfig.Reads.HIDDEN);
    private static final BaseConfig BASE = new BaseConfig(BaseConfig.Assignment.AUCTION, true);
    private static final int E = 4;

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

    @Test
    void layersWithTablesOfTheirOwnHavePlansOfTheirOwn() {
        Recorder two = requireSameOnAnyRanks("own", true, HashConfig.SUM, HashConfig.SUM);

        List<RunPlan> plans = two.all(RunPlan.class);
        assertThat(plans).hasSize(2);
        assertThat(plans.get(0).digests().get("table"))
                .isNotEqualTo(plans.get(1).digests().get("table"));
        assertThat(dir.resolve("own-2/plan/hash-1/manifest.json")).exists();
        assertThat(dir.resolve("own-2/table/expert-table-1.bin")).exists();
    }

    @Test
    void aHashAndALearnedRouterShareAModel() {
        Recorder two = requireSameOnAnyRanks("mixed", false, HashConfig.SUM, SWITCH);

        assertThat(two.all(RunPlan.class)).hasSize(1);
        assertThat(two.all(StepMetrics.class).get(0).routing()).hasSize(2);
    }

    @Test
    void modelsThatLearnTheirRoutesAreEvaluatedAndGenerate() {
        for (RouterConfig router : List.of(SWITCH, BASE)) {
            String run = "learned-" + router.name();
            Recorder recorder = train(run, false, 2, router, router);

            assertThat(recorder.all(RunPlan.class)).isEmpty();
            double ofTraining = recorder.all(RunSummary.class).get(0).validPerplexity();
            assertThat(runs.evaluate(run, 1).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
            assertGenerates(run);
        }
    }

    /** Groups are of training: what evaluates need not share them. */
    @Test
    void groupsOfBaseDoNotBindAnEvaluation() {
        RouterConfig one = new BaseConfig(BaseConfig.Assignment.AUCTION, true, 1);
        double ofTraining = train("one-group", false, 1, one, one)
                .all(RunSummary.class)
                .get(0)
                .validPerplexity();

        assertThat(runs.evaluate("one-group", 2).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
        assertGenerates("one-group");
    }

    private static void assertGenerates(String run) {
        try (CheckpointReader checkpoint = CheckpointReader.open(HADOOP, runs.folder(run), OptionalLong.empty())) {
            Generator generator = Generator.load(checkpoint, "nd4j");
            int[] text = generator.generate(new int[] {3, 1, 4}, 20, 0, 0, 0, token -> false);

            assertThat(text).hasSize(20);
            assertThat(generator.generate(new int[] {3, 1, 4}, 20, 0, 0, 7, token -> false))
                    .isEqualTo(text);
        }
    }

    @Test
    void tokensThatBaseCannotDealOutEvenlyAreRefused() {
        MixtureConfig odd = MixtureConfig.of(List.of(1), 5, 1, BASE); // of 12 * 8 tokens
        requireRefused(
                "odd",
                odd,
                "a rank has 96 tokens in a micro-batch, which a base router cannot deal out evenly to moe.num-experts = 5");
    }

    @Test
    void whatIsRefusedOverwritesNothing() throws IOException {
        Path settings = Files.createDirectories(dir.resolve("kept")).resolve("run.conf");
        Files.writeString(settings, "a = b");
        RunConfig odd = runs.config(
                "kept", MixtureConfig.of(List.of(1), 5, 1, BASE), TableConfig.of(TableConfig.Kind.BALANCED, 0));

        assertThatThrownBy(() -> TrainingRun.run(
                        spark, new TrainingRequest(odd, 1, "c = d\n", Existing.REPLACE), new Recorder()))
                .hasMessageContaining("cannot deal out evenly");
        assertThat(settings).hasContent("a = b");
    }

    @Test
    void tokensThatBaseCannotExchangeInEqualPartsAreRefused() {
        RouterConfig shuffled = new BaseConfig(BaseConfig.Assignment.AUCTION, true);

        assertThatThrownBy(() -> shuffled.requireRows(32, 3, 4))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining("moe.base.shuffle exchanges equal parts of the 32 tokens of a rank with 3 ranks");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | false | 24 | 3 | moe.base.groups is 4, which 3 ranks cannot share evenly; set it to a multiple of them, or change",
                "8 | false | 24 | 2 | a micro-batch has 48 tokens, which a base router cannot deal out evenly to moe.num-experts = 4"
                        + " in each of moe.base.groups = 8; change one of them, train.batch-sequences or model.context-length",
                "3 | true  | 48 | 1 | moe.base.shuffle exchanges equal parts of the 16 tokens of a group with all moe.base.groups = 3"
            })
    void groupsThatDoNotFitAreRefused(int groups, boolean shuffle, int rows, int ranks, String sentence) {
        RouterConfig router = new BaseConfig(BaseConfig.Assignment.AUCTION, shuffle, groups);

        assertThatThrownBy(() -> router.requireRows(rows, ranks, E))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(sentence);
    }

    @Test
    void moreExpertsThanTokensAreRefused() {
        MixtureConfig many = MixtureConfig.of(List.of(1), 97, 1, SWITCH);
        requireRefused("many", many, "moe.num-experts is 97 but a micro-batch has 96 tokens only");
    }

    private static void requireRefused(String run, MixtureConfig mixture, String sentence) {
        assertThatThrownBy(() -> runs.train(runs.config(run, mixture, TableConfig.of(TableConfig.Kind.BALANCED, 0)), 1))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(sentence);
        assertThat(dir.resolve(run)).doesNotExist();
    }

    /** Trains with one rank and with two, and evaluates with the other number. */
    private static Recorder requireSameOnAnyRanks(String run, boolean perLayer, RouterConfig... routers) {
        List<StepMetrics> alone = train(run + "-1", perLayer, 1, routers).all(StepMetrics.class);
        Recorder two = train(run + "-2", perLayer, 2, routers);

        for (int step = 0; step < TinyRuns.STEPS; step++) {
            double loss = alone.get(step).loss();
            assertThat(two.all(StepMetrics.class).get(step).loss()).isCloseTo(loss, within(1e-4 * loss));
        }
        double ofTraining = two.all(RunSummary.class).get(0).validPerplexity();
        assertThat(runs.evaluate(run + "-2", 1).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
        assertThat(runs.evaluate(run + "-1", 2).perplexity()).isCloseTo(ofTraining, within(1e-4 * ofTraining));
        return two;
    }

    private static Recorder train(String run, boolean perLayer, int ranks, RouterConfig... routers) {
        MixtureConfig mixture = new MixtureConfig(List.of(1, 2), E, 1, List.of(routers), 0, 0);
        TableConfig table = TableConfig.of(TableConfig.Kind.BALANCED, 0, TokenFeature.CURRENT_TOKEN, perLayer);
        return runs.train(runs.config(run, mixture, table), ranks);
    }
}
