package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RankActivity;
import io.hashlayers.worker.train.ProgressListener;
import io.hashlayers.worker.train.StepMetrics;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class GangStageTest {

    private static SparkSession spark;

    @BeforeAll
    static void start() {
        spark = LocalSpark.start(3);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** A program in one method. */
    private interface Program extends RankProgram {
        @Override
        default String kernels() {
            return "nd4j";
        }

        @Override
        default Duration timeout() {
            return Duration.ofSeconds(20);
        }

        @Override
        default Duration longestSilence() {
            return Duration.ofSeconds(20);
        }
    }

    private static final class WithoutKernels implements Program {
        @Override
        public String kernels() {
            return "abacus";
        }

        @Override
        public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
            return "never";
        }
    }

    private static String run(int ranks, Recorder recorder, Program program) {
        return new GangStage(spark, ranks, recorder).run(program, String.class);
    }

    private static TrainingException failureOf(int ranks, Recorder recorder, Program program) {
        return catchThrowableOfType(TrainingException.class, () -> run(ranks, recorder, program));
    }

    @Test
    void ranksMeetAndTheResultOfTheFirstComesBack() {
        Recorder recorder = new Recorder();

        String result = run(3, recorder, (collective, hadoop, listener) -> {
            byte[][] names = collective.allGather(("rank " + collective.rank()).getBytes(StandardCharsets.UTF_8));
            return Arrays.stream(names)
                    .map(name -> new String(name, StandardCharsets.UTF_8))
                    .toList()
                    .toString();
        });

        assertThat(result).isEqualTo("[rank 0, rank 1, rank 2]");
        Gang gang = recorder.all(Gang.class).get(0);
        assertThat(gang.worldSize()).isEqualTo(3);
        assertThat(gang.kernels()).hasSize(3).allMatch(kernels -> !kernels.isBlank());
    }

    @Test
    void progressArrivesInOrderAndWithoutLossBeforeTheResult() {
        long steps = 2000;
        Recorder recorder = new Recorder();

        run(2, recorder, (collective, hadoop, listener) -> {
            for (long step = 1; step <= steps && collective.rank() == 0; step++) {
                listener.step(new StepMetrics(step, 1, 2, 3, 4, 5, 6, List.of()));
            }
            return "done";
        });

        assertThat(recorder.all(StepMetrics.class))
                .extracting(StepMetrics::step)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, steps).boxed().toList());
    }

    @Test
    void theErrorOfTheRankThatFailedIsReportedAndNotWhatItsPeersNoticed() {
        Recorder recorder = new Recorder();

        TrainingException failure = failureOf(3, recorder, (collective, hadoop, listener) -> {
            if (collective.rank() == 0) {
                listener.step(new StepMetrics(7, 1, 2, 3, 4, 5, 6, List.of()));
            }
            collective.allGather(new byte[0]);
            if (collective.rank() == 1) {
                throw new TrainingException(Failure.DATA, "shard 3 is damaged; prepare the dataset again");
            }
            collective.allGather(new byte[0]); // never ends but by the failure of rank 1
            return "never";
        });

        assertThat(failure.failure()).isEqualTo(Failure.DATA);
        assertThat(failure)
                .hasMessage(
                        "shard 3 is damaged; prepare the dataset again (rank 1 on 127.0.0.1, executor driver, after step 7)");
    }

    /** The rank that hangs is in no operation; the others wait for it. */
    @Test
    void aRankThatDoesNotComeIsNamedWithWhatItIsIn() {
        TrainingException failure = failureOf(3, new Recorder(), new HangingRank());

        assertThat(failure.failure()).isEqualTo(Failure.PEER_LOST);
        assertThat(failure)
                .hasMessageContaining("waited 2 s for rank 1 in all-reduce of scalars")
                .hasMessageContaining("it was in step 4, writing a checkpoint for ")
                .hasMessageContaining("(rank 1 on 127.0.0.1, executor driver");
    }

    private static void awaitInterrupt() {
        try {
            new CountDownLatch(1).await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new TrainingException(Failure.PEER_LOST, "told to stop", e);
        }
    }

    private static final class HangingRank implements Program {
        @Override
        public Duration timeout() {
            return Duration.ofSeconds(2);
        }

        @Override
        public Serializable run(Collective collective, Configuration hadoop, ProgressListener listener) {
            if (collective.rank() == 1) {
                collective.activity().begins(RankActivity.Phase.SAVING, 4);
                awaitInterrupt();
            }
            collective.allGather(new byte[0]);
            return "never";
        }
    }

    @Test
    void anUnforeseenExceptionIsABugOfOursWithItsName() {
        TrainingException failure = failureOf(2, new Recorder(), (collective, hadoop, listener) -> {
            if (collective.rank() == 1) {
                throw new IllegalStateException("negative rows");
            }
            return "done";
        });

        assertThat(failure.failure()).isEqualTo(Failure.BUG);
        assertThat(failure)
                .hasMessageContaining("java.lang.IllegalStateException: negative rows; please report this")
                .hasMessageContaining("rank 1 on 127.0.0.1, executor driver, before the first step");
    }

    @Test
    void theFirstFailureIsToldWhole() {
        Recorder recorder = new Recorder();

        TrainingException failure = failureOf(2, recorder, (collective, hadoop, listener) -> {
            collective.activity().begins(RankActivity.Phase.TRAINING, 9);
            collective.allGather(new byte[0]);
            if (collective.rank() == 1) {
                for (int line = 1; line <= 60; line++) {
                    LoggerFactory.getLogger(GangStageTest.class).error("line {} with password=hunter2", line);
                }
                throw new TrainingException(Failure.DATA, "shard 3 is damaged");
            }
            collective.allGather(new byte[0]);
            return "never";
        });

        GangFailure whole = recorder.all(GangFailure.class).get(0);
        assertThat(whole.cause()).isEqualTo(failure.getMessage());
        assertThat(whole.kind()).isEqualTo(Failure.DATA);
        assertThat(whole.ranks()).containsExactly(1);
        assertThat(whole.host()).isEqualTo("127.0.0.1");
        assertThat(whole.executor()).isEqualTo("driver");
        assertThat(whole.step()).isEqualTo(9);
        assertThat(whole.log()).hasSizeLessThanOrEqualTo(50).noneMatch(line -> line.contains("hunter2"));
        assertThat(whole.log()).anyMatch(line -> line.contains("GangStageTest: line 60 with password=***"));
    }

    @Test
    void anErrorBeforeTheRanksMeetEndsThoseThatWait() {
        TrainingException failure = failureOf(3, new Recorder(), new WithoutKernels());

        assertThat(failure.failure()).isEqualTo(Failure.USER);
        assertThat(failure).hasMessageContaining("abacus");
    }

    @Test
    void aRunAfterAFailedOneWorks() {
        failureOf(2, new Recorder(), (collective, hadoop, listener) -> {
            throw new IllegalStateException("first");
        });

        assertThat(run(2, new Recorder(), (collective, hadoop, listener) -> "second"))
                .isEqualTo("second");
    }
}
