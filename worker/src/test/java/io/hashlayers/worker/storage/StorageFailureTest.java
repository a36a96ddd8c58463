package io.hashlayers.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;

class StorageFailureTest {
    /** The local disk as {@code away:///}, which does not answer. */
    public static final class AwayFileSystem extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("away:///");
        }

        @Override
        public FileStatus[] listStatus(Path path) throws IOException {
            throw new SocketTimeoutException("no answer");
        }
    }

    @Test
    void whatIsMissingOrDamagedStaysSoAndAllElseMayPass() {
        assertThat(StorageFailure.kind(new FileNotFoundException("f"))).isEqualTo(Failure.DATA);
        assertThat(StorageFailure.kind(new EOFException("f"))).isEqualTo(Failure.DATA);
        assertThat(StorageFailure.kind(new ChecksumException("f", 1))).isEqualTo(Failure.DATA);
        assertThat(StorageFailure.kind(new SocketTimeoutException("f"))).isEqualTo(Failure.RESOURCES);
        assertThat(Failure.RESOURCES.retryable()).isTrue();
    }

    @Test
    void aStoreThatDoesNotAnswerIsNotTakenForDamage() {
        Configuration hadoop = new Configuration();
        hadoop.setClass("fs.away.impl", AwayFileSystem.class, RawLocalFileSystem.class);

        assertThatThrownBy(() -> CheckpointReader.steps(hadoop, "away:///run"))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.RESOURCES))
                .hasMessageContaining("cannot be listed: no answer; check the storage and its rights");
    }
}
