package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FailureReportTest {
    private final StringWriter err = new StringWriter();

    private int report(Throwable failure, boolean verbose) {
        return new FailureReport().report(failure, new PrintWriter(err, true), verbose);
    }

    @ParameterizedTest
    @EnumSource(Failure.class)
    void aFailureOfOursIsFoundInsideOthersAndGivesItsExitStatus(Failure kind) {
        var ours = new TrainingException(kind, "a sentence; do this");

        assertThat(report(new IllegalStateException("job", new ExecutionException(ours)), false))
                .isEqualTo(kind.exitCode());

        assertThat(err.toString()).startsWith("hashlayers: a sentence; do this").doesNotContain("\tat ", "job");
        assertThat(err.toString().contains("please report it")).isEqualTo(kind == Failure.BUG);
    }

    @Test
    void anythingElseIsAFaultOfTheProgram() {
        assertThat(report(new IllegalStateException("surprise"), false)).isEqualTo(70);

        assertThat(err.toString()).contains("java.lang.IllegalStateException: surprise", "please report it");
    }

    @Test
    void memoryThatIsUsedUpIsAMatterOfResources() {
        assertThat(report(new OutOfMemoryError("Java heap space"), false)).isEqualTo(4);

        assertThat(err.toString()).contains("(Java heap space); give it more with --spark-conf spark.driver.memory=8g");
    }

    @Test
    void verboseAddsTheWholeCause() {
        report(new IllegalStateException("outer", new ArithmeticException("inner")), true);

        assertThat(err.toString()).contains("Caused by: java.lang.ArithmeticException: inner", "\tat ");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void noSecretIsTold(boolean verbose) {
        String key = "spark.hadoop.fs.s3a.secret.key";
        System.setProperty(key, "wJalrXUtnFEMI");
        try {
            report(
                    new TrainingException(
                            Failure.USER, "refused", new IllegalStateException("signed with wJalrXUtnFEMI")),
                    verbose);
            report(new TrainingException(Failure.USER, "the key wJalrXUtnFEMI is wrong"), verbose);
            report(new IllegalStateException("ftp://me:AQoDYXdz4w@host/x"), verbose);
            Main.run(
                    new PrintWriter(new StringWriter()),
                    new PrintWriter(err, true),
                    "train",
                    "--conf",
                    "/nowhere",
                    "--secret-key=AQoDYXdz4w");
        } finally {
            System.clearProperty(key);
        }

        assertThat(err.toString())
                .contains("(redacted)", "hashlayers: refused", "hashlayers: the key ")
                .doesNotContain("wJalrXUtnFEMI", "AQoDYXdz4w");
    }
}
