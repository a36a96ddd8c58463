package io.hashlayers.driver.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;

/** The sentences are those of Spark 3.5, of tasks in other processes. */
class JobFailuresTest {
    private static TrainingException of(String text) {
        return JobFailures.translate("counting", new SparkException(text));
    }

    @Test
    void aFullDiskIsNoFaultOfTheProgram() {
        TrainingException failure =
                of("Job aborted due to stage failure: Task 0 in stage 2.0 failed 4 times, most recent"
                        + " failure: Lost task 0.3 in stage 2.0 (TID 22) (127.0.0.1 executor 0): java.io.IOException: No space left on"
                        + " device\n\tat somewhere");

        assertThat(failure.failure()).isEqualTo(Failure.RESOURCES);
        assertThat(failure)
                .hasMessageEndingWith("No space left on device; check the storage, its rights and the room there");
    }

    @Test
    void aLostExecutorIsTriedAgainAndAllElseReported() {
        assertThat(of("Job aborted: ExecutorLostFailure (executor 1 exited): java.io.IOException: Connection reset")
                        .failure())
                .isEqualTo(Failure.PEER_LOST);
        assertThat(of("Job aborted: java.lang.ArithmeticException: / by zero").failure())
                .isEqualTo(Failure.BUG);
    }
}
