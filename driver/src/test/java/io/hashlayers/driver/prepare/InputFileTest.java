package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFileTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void writeSomeFiles() throws IOException {
        Files.createDirectories(folder.resolve("deep/_temporary"));
        for (String name : List.of("b.txt", "a.jsonl", "deep/c.NDJSON.GZ", "deep/d.parquet", "e.txt.zst", ".hidden")) {
            Files.writeString(folder.resolve(name), "text");
        }
        Files.writeString(folder.resolve("deep/_temporary/f.txt"), "text");
    }

    @Test
    void foldersAreReadWholeInTheOrderOfPathsWithoutHiddenFiles() {
        assertThat(find(folder.toString()))
                .extracting(this::name)
                .containsExactly("a.jsonl", "b.txt", "deep/c.NDJSON.GZ", "deep/d.parquet", "e.txt.zst");
    }

    @Test
    void namesTellFormatAndCompression() {
        List<InputFile> files = find(folder.toString());

        assertThat(files).extracting(InputFile::format).containsExactly("jsonl", "lines", "jsonl", "parquet", "lines");
        assertThat(files).extracting(InputFile::gzip).containsExactly(false, false, true, false, false);
        assertThat(files).extracting(InputFile::zstd).containsExactly(false, false, false, false, true);
    }

    @Test
    void aFileThatTwoPatternsMatchIsReadOnce() {
        assertThat(find(folder + "/b.txt", folder + "/*.txt", folder + "/deep/../b.txt"))
                .extracting(this::name)
                .containsExactly("b.txt");
    }

    /** The dataset's manifest would keep it. */
    @Test
    void aPasswordInAPathIsRefusedAndNotTold() {
        assertThatThrownBy(() -> find("ftp://me:hunter2@127.0.0.1/text"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("has a password in it")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void aPatternThatMatchesNothingIsNamed() {
        assertThatThrownBy(() -> find(folder + "/b.txt", folder + "/*.csv"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("/*.csv does not exist or holds no file")
                .extracting(failure -> ((TrainingException) failure).failure())
                .isEqualTo(Failure.DATA);
    }

    private List<InputFile> find(String... inputs) {
        return InputFile.find(new Configuration(), List.of(inputs), "auto");
    }

    private String name(InputFile file) {
        return folder.relativize(Path.of(URI.create(file.path()))).toString();
    }
}
