package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightTest {
    @Test
    void ourOwnSettingsPass() {
        Preflight.requireSettings(SparkSettings.complete(new SparkConf(false)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "spark.dynamicAllocation.enabled | true | spark.dynamicAllocation.enabled is true",
                "spark.task.resource.gpu.amount | 0.5 | spark.task.resource.gpu.amount is 0.5, but a rank uses one whole GPU",
                "spark.plugins | some.Other | spark.plugins lacks io.hashlayers.driver.gang.HashlayersPlugin",
            })
    void settingsThatAGangCannotLiveWithAreNamed(String key, String value, String sentence) {
        SparkConf conf = SparkSettings.complete(new SparkConf(false)).set(key, value);

        assertThatThrownBy(() -> Preflight.requireSettings(conf))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void plainTextIsRefusedWhereTheClusterAsksForEncryption() {
        SparkConf conf = SparkSettings.complete(new SparkConf(false))
                .set("spark.master", "spark://somewhere:7077")
                .set("spark.ssl.enabled", "true");

        assertThat(TransportState.describe(conf)).isEqualTo("plain");
        assertThatThrownBy(() -> Preflight.requireSettings(conf))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining("spark.ssl.enabled is true")
                .hasMessageContaining("set spark.network.crypto.enabled and spark.authenticate to true");
        assertThatThrownBy(() -> SparkSessions.create(conf)).hasMessageContaining("spark.ssl.enabled is true");

        conf.set("spark.authenticate", "true").set("spark.network.crypto.enabled", "true");
        Preflight.requireSettings(conf);
        assertThat(TransportState.describe(conf)).isEqualTo("authenticated and encrypted (AES)");
    }

    @Test
    void oneProcessNeedsNoEncryptionBetweenRanks() {
        SparkConf conf = SparkSettings.complete(new SparkConf(false)).set("spark.ssl.enabled", "true");

        Preflight.requireSettings(conf);
        assertThat(TransportState.describe(conf)).isEqualTo("one process, nothing on the network");
    }

    @Test
    void aTaskThatNeedsMoreCoresThanAnExecutorHasIsRefused() {
        SparkConf conf = SparkSettings.complete(new SparkConf(false))
                .set("spark.task.cpus", "4")
                .set("spark.executor.cores", "2");

        assertThatThrownBy(() -> Preflight.requireSettings(conf))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("spark.task.cpus is 4, more than the 2 of spark.executor.cores");
    }

    @ParameterizedTest
    @CsvSource({"4, 4", "9, 4", "3, 3", "2, 2"})
    void aRunGoesOnWithTheMostRanksThatThereIsRoomFor(int slots, int ranks) {
        assertThat(Preflight.ranks(slots(slots), 4, 2, shares(12, 1))).isEqualTo(ranks);
    }

    @Test
    void fewerRanksShareTheBatchEvenlyToo() {
        assertThat(Preflight.ranks(slots(7), 8, 1, shares(16, 1))).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "2, 3", "3, 3"})
    void belowTheLeastItWaitsForTheCluster(int slots, int least) {
        assertThatThrownBy(() -> Preflight.ranks(slots(slots), 8, least, shares(16, 1)))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("8 ranks asked for, %d slots came in time, and train.least-ranks is %d"
                        .formatted(slots, least));
    }

    private static Slots slots(int there) {
        return new Slots(() -> there, () -> false, 0, Duration.ofMillis(1));
    }

    @Test
    void ranksShareTheBatchEvenly() {
        assertThat(shares(12, 1).most(5)).isEqualTo(4);
        assertThat(shares(7, 1).most(6)).isEqualTo(1);
        assertThat(shares(8, 1).most(64)).isEqualTo(8);
        shares(12, 1).require(4);
        assertThatThrownBy(() -> shares(12, 1).require(5))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage(
                        "train.batch-sequences is 12, which 5 ranks cannot share evenly; change it or ask for 4 ranks (train.ranks, --ranks)");
    }

    @Test
    void ranksShareAMicroBatchAndBothSettingsAreNamed() {
        shares(12, 3).require(4);
        shares(12, 3).require(2);
        assertThatThrownBy(() -> shares(12, 3).require(3))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("train.batch-sequences / train.accumulate-batches is 12 / 3 = 4, which 3 ranks cannot share"
                        + " evenly; change it or ask for 2 ranks (train.ranks, --ranks)");
    }

    @Test
    void ranksShareTheGroupsOfARouterToo() {
        BatchShares shares = shares(12, 1, 4, 0, 4);

        assertThat(shares.parts()).hasSize(2);
        assertThat(shares.most(12)).isEqualTo(4);
        assertThat(shares.most(3)).isEqualTo(2);
        assertThat(Preflight.ranks(slots(3), 4, 1, shares)).isEqualTo(2);
        assertThat(Preflight.ranksOn(3, 0, shares)).isEqualTo(2);
        assertThat(shares.settings()).isEqualTo("train.batch-sequences is 12 and moe.base.groups is 4");
        assertThatThrownBy(() -> shares.require(6))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage(
                        "moe.base.groups is 4, which 6 ranks cannot share evenly; change it or ask for 4 ranks (train.ranks, --ranks)");
    }

    /** Twelve sequences of 8 tokens: three ranks have 32 rows each, which 3 ranks cannot exchange in equal parts. */
    @Test
    void ranksThatARouterCannotDealOutToAreNotChosen() {
        BatchShares shares = shares(12, 1, 0);

        assertThat(shares.most(3)).isEqualTo(2);
        assertThat(Preflight.ranks(slots(3), 4, 1, shares)).isEqualTo(2);
        assertThat(shares(9, 1, 0).most(8)).isEqualTo(3); // 9 ranks are too many, 3 have 24 rows each
    }

    private static BatchShares shares(int batchSequences, int accumulateBatches, int... groupsOfRouters) {
        TrainConfig train = new TrainConfig(1, batchSequences, accumulateBatches, false, 0, 0, 0, 0, 1);
        List<ModelConfig> models = Arrays.stream(groupsOfRouters)
                .mapToObj(groups -> new BaseConfig(BaseConfig.Assignment.AUCTION, true, groups))
                .map(router -> new ModelConfig(
                        9, 8, 1, 8, 16, 2, Activation.GELU, 0, MixtureConfig.of(List.of(0), 2, 1, router)))
                .toList();
        return BatchShares.of(train, models);
    }

    @Test
    void slotsThatComeLateAreWaitedFor() {
        AtomicInteger polls = new AtomicInteger();
        Slots slots = new Slots(() -> polls.incrementAndGet() / 3, () -> false, 4, Duration.ofSeconds(20));

        slots.await(4);

        assertThat(polls.get()).isGreaterThanOrEqualTo(12);
        assertThat(new Slots(() -> polls.incrementAndGet() / 9, () -> false, 4, Duration.ofSeconds(20)).awaitAny())
                .isEqualTo(4);
    }

    @Test
    void whenAllPromisedSlotsAreThereNoMoreAreWaitedFor() {
        Slots slots = new Slots(() -> 4, () -> false, 4, Duration.ofDays(1));

        assertThat(slots.awaitAny()).isEqualTo(4);
        assertThatThrownBy(() -> slots.await(5)).isInstanceOf(TrainingException.class);
    }

    @Test
    void slotsThatDoNotComeEndTheWaitWithBothNumbers() {
        Slots slots = new Slots(() -> 5, () -> false, 0, Duration.ofMillis(300));

        assertThatThrownBy(() -> slots.await(8))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessage(
                        "8 ranks asked for, 5 slots came within 1 s; ask for fewer ranks (train.ranks, bench.ranks, --ranks) or give Spark more cores (spark.cores.max, --master local[N])");
        assertThatThrownBy(() -> new Slots(() -> 0, () -> false, 0, Duration.ofMillis(300)).awaitAny())
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("no slot came within");
        assertThatThrownBy(() -> new Slots(() -> 0, () -> true, 0, Duration.ofMillis(300)).awaitAny())
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("Spark ended the application");
    }

    @Test
    void whatTheSettingsPromiseIsExpected() {
        SparkConf conf = new SparkConf(false).set("spark.task.cpus", "2");

        assertThat(Slots.expected(conf.set("spark.master", "local-cluster[3,4,1024]")))
                .isEqualTo(6);
        assertThat(Slots.expected(conf.set("spark.master", "spark://host:7077")))
                .isZero();
        assertThat(Slots.expected(conf.set("spark.executor.instances", "5").set("spark.executor.cores", "4")))
                .isEqualTo(10);
    }

    @Test
    void aMasterThatNobodyListensAtIsNamed() throws IOException {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
            MasterProbe.requireReachable(
                    "spark://127.0.0.1:1,127.0.0.1:" + socket.getLocalPort(), Duration.ofSeconds(5));
        }

        assertThatThrownBy(() -> SparkSessions.create(LocalSpark.settings("spark://127.0.0.1:" + closed)))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining(
                        "no Spark master answers at spark://127.0.0.1:" + closed + " (Connection refused)");
    }

    @Test
    void aMasterWithoutPortOrOfNoKindIsAUsersMistake() {
        for (String master : new String[] {"spark://127.0.0.1", "spark://127.0.0.1:x", "localhost"}) {
            assertThatThrownBy(() -> SparkSessions.create(LocalSpark.settings(master)))
                    .as(master)
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.USER))
                    .hasMessageContaining(master);
        }
    }

    @Test
    void oneScreenTellsWhatWillRunWhere() {
        TrainConfig train = new TrainConfig(10, 8, 1, false, 1, 0, 0, 5, 45);
        SparkConf conf = SparkSettings.complete(new SparkConf(false))
                .set("spark.master", "spark://somewhere:7077")
                .set("spark.task.cpus", "2")
                .set("spark.task.resource.gpu.amount", "1")
                .set("spark.authenticate", "true")
                .set("spark.barrier.sync.timeout", "90s");

        assertThat(PreflightScreen.of(conf, 3, 4, train))
                .containsExactly(
                        "cluster   spark://somewhere:7077; 4 ranks, 3 slots are there, 1 are missing",
                        "a rank    has 2 cores (spark.task.cpus) and a GPU (spark.task.resource.gpu.amount); executors stay until the end, without dynamic allocation",
                        "network   authenticated, not encrypted",
                        "waits     60 s for executors, 90 s for ranks to meet, 45 s for another rank in a step, 30 s for a heartbeat, 600 s for a checkpoint");
        assertThat(PreflightScreen.of(new SparkConf(false).set("spark.master", "local[3]"), 3, 0, train))
                .contains(
                        "cluster   local[3]; as many ranks as there are slots: 3 now",
                        "network   one process, nothing on the network");
    }
}
