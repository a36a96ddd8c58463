package io.hashlayers.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileSystemsTest {
    @TempDir
    Path dir;

    private static Configuration umask(String umask) {
        Configuration hadoop = new Configuration();
        hadoop.setBoolean("fs.file.impl.disable.cache", true); // it would have the umask of whoever came first
        hadoop.set("fs.permissions.umask-mode", umask);
        return hadoop;
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @ParameterizedTest
    @CsvSource({"077, rw-------, rwx------", "027, rw-r-----, rwxr-x---", "022, rw-r--r--, rwxr-xr-x"})
    void filesAndFoldersObeyHadoopsUmask(String umask, String file, String folder) throws IOException {
        Folder run = Folder.of(umask(umask), dir.resolve("a/run").toString());

        run.write("run.conf", new byte[] {1});
        try (FSDataOutputStream out = run.stream("metrics.jsonl")) {
            out.write(1);
        }
        try (FSDataOutputStream out = run.append("metrics.jsonl")) {
            out.write(2);
        }
        run.folder("checkpoints").folder("step-1").write("dense.safetensors", new byte[9]);

        for (String name : new String[] {"run.conf", "metrics.jsonl", "checkpoints/step-1/dense.safetensors"}) {
            assertThat(permissions(dir.resolve("a/run").resolve(name))).as(name).isEqualTo(file);
        }
        for (String name : new String[] {"a", "a/run", "a/run/checkpoints", "a/run/checkpoints/step-1"}) {
            assertThat(permissions(dir.resolve(name))).as(name).isEqualTo(folder);
        }
        assertThat(Files.readAllBytes(dir.resolve("a/run/metrics.jsonl"))).containsExactly(1, 2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hdfs://me:hunter2@127.0.0.1/data",
                "s3a://AKIA:hunter2@bucket/data",
                "ftp://me:hun@ter2@host/x",
                "s3a://AKIA:hunter2/with/slash@bucket/data"
            })
    void aPasswordInAPathIsRefusedAndNotTold(String path) {
        assertThatThrownBy(() -> Folder.of(new Configuration(), path))
                .isInstanceOfSatisfying(TrainingException.class, e -> {
                    assertThat(e.failure()).isEqualTo(Failure.USER);
                    assertThat(e).hasMessageContaining("has a password in it").hasNoCause();
                    assertThat(e.getMessage()).doesNotContain("hun");
                });
    }

    @Test
    void anAccountInAPathIsNone() {
        FileSystems.requireNoPassword(new org.apache.hadoop.fs.Path("abfss://container@account.host/x"));
        FileSystems.requireNoPassword(new org.apache.hadoop.fs.Path("hdfs://127.0.0.1:9000/x@y:z"));
        FileSystems.requireNoPassword(new org.apache.hadoop.fs.Path("hdfs://[::1]:9000/x"));
        FileSystems.requireNoPassword(new org.apache.hadoop.fs.Path("s3a://bucket/x"));
        FileSystems.requireNoPassword(new org.apache.hadoop.fs.Path("/a:b@c"));
    }
}
