package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SummaryFileTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final RunSummary SUMMARY =
            new RunSummary(41.25, 1 / 3.0, 512, 800, 1L << 40, 1234.5, 4, 0.07, 0.02, "sha256:1", "sha256:2", "none");

    @TempDir
    Path run;

    @Test
    void hasTheFieldsThatPipelinesRead() throws IOException {
        write();

        ObjectNode fields = fields();
        assertThat(names(fields))
                .containsExactlyInAnyOrder(
                        "valid_perplexity",
                        "valid_bits_per_byte",
                        "unigram_perplexity",
                        "steps",
                        "tokens",
                        "tokens_per_second",
                        "world_size",
                        "max_vio",
                        "dropped_share",
                        "tokenizer_digest",
                        "dataset_digest",
                        "table_digest",
                        "restarts",
                        "fewest_ranks",
                        "skipped_steps");
        assertThat(fields.get("valid_perplexity").doubleValue()).isEqualTo(41.25);
        assertThat(fields.get("tokens").longValue()).isEqualTo(1L << 40);
        assertThat(fields.get("table_digest").textValue()).isEqualTo("none");
    }

    @Test
    void isReadAsItWasWritten() throws IOException {
        assertThat(SummaryFile.read(folder())).isEmpty();

        write();

        assertThat(SummaryFile.read(folder())).contains(SUMMARY);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "[]", "{}", "{", "7", "\"finished\""})
    void aFileThatIsNoSummaryIsNamed(String content) throws IOException {
        Files.writeString(file(), content);

        assertUnusable();
    }

    @Test
    void aFieldThatLacksIsNullOrIsUnknownIsRefused() throws IOException {
        write();
        String good = Files.readString(file());
        for (String name : names(fields())) {
            ObjectNode fields = (ObjectNode) JSON.readTree(good);
            fields.remove(name);
            Files.writeString(file(), fields.toString());
            assertUnusable();

            fields.putNull(name);
            Files.writeString(file(), fields.toString());
            assertUnusable();
        }
        Files.writeString(
                file(), ((ObjectNode) JSON.readTree(good)).put("other", 1).toString());
        assertUnusable();
    }

    private void assertUnusable() {
        assertThatThrownBy(() -> SummaryFile.read(folder()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("summary.json is not a usable summary: ")
                .hasMessageEndingWith("; delete it, and the run goes on from its last checkpoint");
    }

    private void write() throws IOException {
        SummaryFile.write(folder(), SUMMARY);
    }

    private ObjectNode fields() throws IOException {
        return (ObjectNode) JSON.readTree(Files.readString(file()));
    }

    private static List<String> names(ObjectNode fields) {
        List<String> names = new ArrayList<>();
        fields.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private Path file() {
        return run.resolve("summary.json");
    }

    private Folder folder() {
        return Folder.of(new Configuration(), run.toString());
    }
}
