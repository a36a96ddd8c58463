package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.plan.ReceiveCounts;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanJobTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int LAYERS = 2;
    private static final int S = 8;
    private static final int E = 7;
    private static final int K = 2;
    private static final int BATCH = 12;
    private static final int STEPS = 41;

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static DatasetManifest dataset;

    @BeforeAll
    static void start() throws IOException {
        dataset = TinyDataset.write(dir.resolve("dataset"), 2000, 300, 1);
        spark = LocalSpark.start(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void everyRankIsToldWhatASerialCountSendsIt() {
        for (int worldSize : new int[] {1, 3, 4, 12}) { // 12 ranks hold 7 experts: some have none
            RunConfig config = config("world" + worldSize);
            ExpertPlacement placement = placement(worldSize);

            RunPlan plan = plan(config, placement);

            requireEqualToSerialCount(config, placement, plan, "train", STEPS);
            requireEqualToSerialCount(config, placement, plan, "valid", 4); // 37 rows in batches of 12, the last padded
        }
    }

    @Test
    void microBatchesArePlannedAsTheStepsThatTheyAre() {
        RunConfig config = config("micro-batches", dir.resolve("dataset"), 3 * BATCH, 3);
        ExpertPlacement placement = placement(4);

        RunPlan plan = plan(config, placement);

        assertThat(plan.batchSequences()).isEqualTo(BATCH);
        requireEqualToSerialCount(config, placement, plan, "train", 3 * STEPS);
        requireEqualToSerialCount(config, placement, plan, "valid", 4);
    }

    @Test
    void statisticsAreThoseOfTheCounts() {
        RunConfig config = config("statistics");
        ExpertPlacement placement = placement(3);

        SplitTraffic traffic = plan(config, placement).split("train");

        int[][][] steps = serialCount(config, placement, "train", STEPS);
        double imbalance = 0;
        double worst = 0;
        long remote = 0;
        long peakRemote = 0;
        int[] peakExpert = new int[E];
        int[] peakRank = new int[3];
        for (int[][] step : steps) {
            int[] ofRank = new int[3];
            long remoteOfStep = 0;
            for (int expert = 0; expert < E; expert++) {
                int ofExpert = 0;
                for (int source = 0; source < 3; source++) {
                    ofExpert += step[source][expert];
                    remoteOfStep += placement.rankOf(expert) == source ? 0 : step[source][expert];
                }
                peakExpert[expert] = Math.max(peakExpert[expert], ofExpert);
                ofRank[placement.rankOf(expert)] += ofExpert;
            }
            double ofStep = Arrays.stream(ofRank).max().orElseThrow() / (BATCH * S * K / 3.0);
            imbalance += ofStep;
            worst = Math.max(worst, ofStep);
            remote += remoteOfStep;
            peakRemote = Math.max(peakRemote, remoteOfStep);
            Arrays.setAll(peakRank, rank -> Math.max(peakRank[rank], ofRank[rank]));
        }
        long bytesPerRow = 4 * 2 * 6 * 4; // trips, sparse layers, width, bytes of a float
        assertThat(traffic.steps()).isEqualTo(STEPS);
        assertThat(traffic.rowsPerStep()).isEqualTo(BATCH * S * K);
        assertThat(traffic.peakRows()).containsExactly(boxed(peakRank));
        assertThat(traffic.peakExpertRows()).containsExactly(boxed(peakExpert));
        assertThat(traffic.meanImbalance()).isCloseTo(imbalance / STEPS, within(1e-12));
        assertThat(traffic.worstImbalance()).isCloseTo(worst, within(1e-12));
        assertThat(traffic.meanBytesPerStep()).isCloseTo((double) remote * bytesPerRow / STEPS, within(1e-6));
        assertThat(traffic.peakBytesPerStep()).isEqualTo(peakRemote * bytesPerRow);
    }

    @Test
    void segmentsAreCountedOneByOneAndTakeTwoRoundTrips() {
        ModelConfig whole = config("segments").model();
        MixtureConfig mixture =
                MixtureConfig.of(whole.sparseLayers(), E, 1, new HashConfig(HashConfig.Combine.SUM, 1, 2));
        RunConfig config = config("segments").of(whole.with(mixture));
        MultiHash hash = new MultiHash(List.of(byTable(1), byTable(2)));
        ExpertPlacement units = placement(3).ofUnits(2);

        RunPlan plan = new PlanJob(spark, config, dataset, hash, units, LAYERS, folder(config)).run(splits(config));

        // Rows of width 6 and 8 to a segment, and halves of both back.
        double bytesPerRow = LAYERS * (6 + 8 + 3 + 4) * 4;
        for (String split : List.of("train", "valid")) {
            SplitTraffic traffic = plan.split(split);
            int passes = split.equals("train") ? 2 : 1;
            assertThat(traffic.rowsPerStep()).isEqualTo(BATCH * S * 2);
            assertThat(traffic.meanBytesPerStep() * traffic.steps())
                    .isCloseTo(passes * bytesPerRow * remoteRows(plan, config, units, split), within(1e-3));
        }
    }

    /** Rows that ranks receive from others. */
    private static long remoteRows(RunPlan plan, RunConfig config, ExpertPlacement placement, String split) {
        long rows = 0;
        for (int rank = 0; rank < placement.worldSize(); rank++) {
            int[][] received = new int[placement.worldSize()][placement.expertsOf(rank).length];
            try (ReceiveCounts counts =
                    plan.receiveCounts(HADOOP, folder(config).toString(), split, rank)) {
                for (long step = 0; step < plan.split(split).steps(); step++) {
                    counts.read(step, received);
                    for (int source = 0; source < received.length; source++) {
                        rows += source == rank
                                ? 0
                                : Arrays.stream(received[source]).sum();
                    }
                }
            }
        }
        return rows;
    }

    @Test
    void aPlanOfEqualInputsIsUsedAgainAndAnotherIsMadeAnew() throws IOException {
        RunConfig config = config("again");
        RunPlan first = plan(config, placement(2));
        Path file = dir.resolve("again/plan/train/" + RunPlan.receiveFile(0));
        var written = Files.getLastModifiedTime(file);

        assertThat(plan(config, placement(2))).isEqualTo(first);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);

        assertThat(plan(config, ExpertPlacement.roundRobin(E, 2)).inputs()).isNotEqualTo(first.inputs());
        Files.writeString(dir.resolve("again/plan/manifest.json"), "{}");
        assertThat(plan(config, placement(2))).as("in place of a damaged one").isEqualTo(first);
    }

    @Test
    void theSameInputsGiveTheSamePlanAnywhere() {
        RunPlan here = plan(config("here"), placement(3));
        RunPlan there = plan(config("there"), placement(3));

        assertThat(there).isEqualTo(here);
        assertThat(there.digest()).isEqualTo(here.digest());
    }

    @Test
    void unreadableTokensEndTheJobWithTheirOwnSentence() throws IOException {
        Path other = dir.resolve("damaged");
        DatasetManifest damaged = TinyDataset.write(other, 2000, 300, 1);
        Files.write(other.resolve("train/tokens-00001.bin"), new byte[3]);
        RunConfig config = config("run-of-damaged", other);

        assertThatThrownBy(() -> new PlanJob(spark, config, damaged, hash(), placement(2), LAYERS, folder(config))
                        .run(splits(config)))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("train/tokens-00001.bin has 3 bytes");
        assertThat(dir.resolve("run-of-damaged/plan/manifest.json")).doesNotExist();
    }

    @Test
    void chunksFitMemoryAndGiveEveryTaskWork() {
        assertThat(PlanJob.chunkSteps(1000, 6, 16)).isEqualTo(167);
        assertThat(PlanJob.chunkSteps(1_000_000_000, 6, 1 << 20)).isEqualTo(2);
        assertThat(PlanJob.chunkSteps(10, 6, 1 << 30)).isEqualTo(1);
        assertThat(PlanJob.chunkSteps(1, 6, 16)).isEqualTo(1);
    }

    private void requireEqualToSerialCount(
            RunConfig config, ExpertPlacement placement, RunPlan plan, String split, int steps) {
        int[][][] expected = serialCount(config, placement, split, steps);
        assertThat(plan.split(split).steps()).isEqualTo(steps);
        for (int rank = 0; rank < placement.worldSize(); rank++) {
            int[] experts = placement.expertsOf(rank);
            int[][] actual = new int[placement.worldSize()][experts.length];
            try (ReceiveCounts counts =
                    plan.receiveCounts(HADOOP, folder(config).toString(), split, rank)) {
                for (int step = 0; step < steps; step++) {
                    counts.read(step, actual);
                    for (int source = 0; source < actual.length; source++) {
                        for (int local = 0; local < experts.length; local++) {
                            assertThat(actual[source][local])
                                    .as("%s step %d from %d to expert %d", split, step, source, experts[local])
                                    .isEqualTo(expected[step][source][experts[local]]);
                        }
                    }
                }
            }
        }
    }

    /** Rows from each rank to each expert, [steps][W][E], by one plain loop over the tokens. */
    private static int[][][] serialCount(RunConfig config, ExpertPlacement placement, String split, int steps) {
        int worldSize = placement.worldSize();
        int[][][] counts = new int[steps][worldSize][E];
        int[] tokens = new int[S];
        try (TokenDataset data = TokenDataset.open(HADOOP, config.datasetDir(), split, S)) {
            BatchSchedule schedule = split.equals("train")
                    ? BatchSchedule.training(data.rows(), BATCH, config.train().seed())
                    : BatchSchedule.sequential(data.rows(), BATCH);
            for (int step = 0; step < steps; step++) {
                for (int i = 0; i < BATCH; i++) {
                    Arrays.fill(tokens, 0);
                    if (schedule.row(step, i) >= 0) {
                        data.readRow(schedule.row(step, i), tokens, new int[S], 0);
                    }
                    for (int token : tokens) {
                        for (int choice = 0; choice < K; choice++) {
                            counts[step][i * worldSize / BATCH][hash().table().expert(token, choice)]++;
                        }
                    }
                }
            }
            return counts;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private RunPlan plan(RunConfig config, ExpertPlacement placement) {
        return new PlanJob(spark, config, dataset, hash(), placement, LAYERS, folder(config)).run(splits(config));
    }

    private static List<PlannedSplit> splits(RunConfig config) {
        return List.of(new PlannedSplit("train", true, config, ""), new PlannedSplit("valid", false, config, ""));
    }

    private static Folder folder(RunConfig config) {
        return Folder.of(HADOOP, config.runDir()).folder("plan");
    }

    private static TokenHash hash() {
        return new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(TinyDataset.VOCABULARY, E, K, 5));
    }

    private static TokenHash byTable(long seed) {
        return new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.random(TinyDataset.VOCABULARY, E, 1, seed));
    }

    private static ExpertPlacement placement(int worldSize) {
        return ExpertPlacement.byLoad(new long[] {9, 1, 4, 4, 2, 7, 3}, worldSize);
    }

    private static RunConfig config(String run) {
        return config(run, dir.resolve("dataset"));
    }

    private static RunConfig config(String run, Path datasetDir) {
        return config(run, datasetDir, BATCH, 1);
    }

    private static RunConfig config(String run, Path datasetDir, int batchSequences, int accumulateBatches) {
        return new RunConfig(
                dir.resolve(run).toString(),
                datasetDir.toString(),
                new ModelConfig(
                        TinyDataset.VOCABULARY,
                        S,
                        3,
                        6,
                        8,
                        2,
                        Activation.RELU,
                        0,
                        MixtureConfig.hash(List.of(0, 2), E, K)),
                TableConfig.of(TableConfig.Kind.RANDOM, 5),
                new OptimizerConfig(1e-3, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(STEPS, batchSequences, accumulateBatches, false, 3, 0, 0, 0, 30),
                "nd4j");
    }

    private static Integer[] boxed(int[] values) {
        return Arrays.stream(values).boxed().toArray(Integer[]::new);
    }
}
