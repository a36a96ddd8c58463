package io.hashlayers.worker.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderTest {
    private static final int WRITES = 300;

    @TempDir
    Path dir;

    private Folder folder;

    @BeforeEach
    void name() {
        folder = Folder.of(new Configuration(), dir.toString());
    }

    private static byte[] content(int number) {
        return ("content " + number).repeat(1000).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aFileThatIsWrittenAgainAndAgainIsAlwaysThereAndWhole() throws IOException {
        folder.write("file", content(0));
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            for (int number = 1; number <= WRITES; number++) {
                try {
                    folder.write("file", content(number % 10));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        });

        while (!writer.isDone()) {
            String read = Files.readString(dir.resolve("file"));
            assertThat(read).hasSize(content(0).length).startsWith("content ");
        }

        writer.join();
        assertThat(dir.toFile().list()).containsExactly("file");
    }

    /** Linux has a file that is always full. Hadoop's stream throws an Error for it, and the bytes wait in a buffer until flushed. */
    @Test
    void aFullDiskIsAnException() throws IOException {
        Configuration hadoop = new Configuration();
        hadoop.setBoolean("fs.file.impl.disable.cache", true);
        hadoop.set("fs.permissions.umask-mode", "000"); // those that the device has: root would take some from it
        Folder devices = Folder.of(hadoop, "/dev");

        assertThatThrownBy(() -> {
                    try (FSDataOutputStream out = devices.stream("full")) {
                        out.write(content(1));
                        out.flush();
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No space left on device");
    }

    @Test
    void whatIsNotCommittedLeavesTheOldFile() throws IOException {
        folder.write("file", content(1));
        try (PendingFile file = folder.create("file")) {
            file.out().write(content(2));
        }

        assertThat(dir.resolve("file")).hasBinaryContent(content(1));
        assertThat(dir.toFile().list()).containsExactly("file");
    }

    @Test
    void aFileGoesOn() throws IOException {
        folder.write("file", content(1));
        try (var out = folder.append("file")) {
            out.write(content(2));
        }

        assertThat(Files.size(dir.resolve("file"))).isEqualTo(content(1).length + content(2).length);
        assertThat(dir.toFile().list()).containsExactly("file");
    }
}
