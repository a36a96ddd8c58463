package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DestinationTest {
    private static final Configuration HADOOP = new Configuration();

    @TempDir
    private Path folder;

    @BeforeEach
    void writeAFormerDatasetAndADraft() throws IOException {
        Files.createDirectory(folder.resolve("data"));
        Files.writeString(folder.resolve("data/who"), "former");
        Files.createDirectory(folder.resolve("data.incomplete"));
        Files.writeString(folder.resolve("data.incomplete/who"), "draft");
    }

    @Test
    void theDraftTakesThePlaceOfTheFormerDataset() throws IOException {
        destination(new RawLocalFileSystem()).replace();

        assertThat(folder.resolve("data/who")).hasContent("draft");
        assertThat(names()).containsExactly("data");
    }

    @Test
    void theFormerDatasetIsPutBackIfTheDraftCannotBeMoved() throws IOException {
        Destination refusing = destination(new RawLocalFileSystem() {
            @Override
            public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) throws IOException {
                return !from.getName().endsWith(".incomplete") && super.rename(from, to);
            }
        });
        Destination failing = destination(new RawLocalFileSystem() {
            @Override
            public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to) throws IOException {
                if (from.getName().endsWith(".incomplete")) {
                    throw new IOException("quota exceeded");
                }
                return super.rename(from, to);
            }
        });

        assertThatThrownBy(refusing::replace)
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("data.incomplete cannot be renamed to ");
        assertThat(folder.resolve("data/who")).hasContent("former");

        assertThatThrownBy(failing::replace).hasMessageContaining("quota exceeded");
        assertThat(folder.resolve("data/who")).hasContent("former");

        failing.discard();
        assertThat(names()).containsExactly("data");
    }

    @Test
    void aDraftOfARunThatWasCutOffIsBegunAnew() throws IOException {
        Destination destination = destination(new RawLocalFileSystem());

        destination.begin();

        assertThat(folder.resolve("data.incomplete")).isEmptyDirectory();
        assertThat(folder.resolve("data/who")).hasContent("former");
    }

    private Destination destination(RawLocalFileSystem fileSystem) throws IOException {
        fileSystem.initialize(folder.toUri(), HADOOP);
        return new Destination(
                HADOOP,
                fileSystem,
                new org.apache.hadoop.fs.Path(folder.resolve("data").toString()));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
