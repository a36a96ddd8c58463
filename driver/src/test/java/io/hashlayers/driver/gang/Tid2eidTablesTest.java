package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.checkpoint.Tid2eidFile;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Tid2eidTablesTest {
    private static final Configuration HADOOP = new Configuration();
    private static final ExpertTable FIRST = ExpertTable.random(20, 8, 2, 1);
    private static final ExpertTable SECOND = ExpertTable.random(20, 8, 2, 2);

    @TempDir
    Path dir;

    @Test
    void tablesOfLayersComeInTheOrderOfTheirNumbers() throws IOException {
        write(Map.of("layers.11.tid2eid", SECOND, "layers.3.tid2eid", FIRST));

        assertThat(read(20, 8, 2, 2)).containsExactly(FIRST, SECOND);
    }

    @Test
    void oneTableMayBeForAllLayers() throws IOException {
        write(Map.of("tid2eid", FIRST));

        assertThat(read(20, 8, 2, 1)).containsExactly(FIRST);
        assertThat(read(20, 9, 2, 1).get(0).numExperts())
                .as("of which one is not used")
                .isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({
        "20, 8, 2, 2, 'it has 1 tables (tid2eid), the layers that route by a hash need 2'",
        "21, 8, 2, 1, 'tid2eid has 20 tokens, the dictionary of the dataset 21: prepare the text with the tokenizer'",
        "20, 8, 1, 1, 'tid2eid has 2 experts for each token: set moe.experts-per-token to that instead of 1'",
        "20, 4, 2, 1, 'tensor tid2eid is no table for 4 experts: token '"
    })
    void aTableOfAnotherModelIsRefused(int tokens, int experts, int k, int needed, String why) throws IOException {
        write(Map.of("tid2eid", FIRST));

        assertThatThrownBy(() -> read(tokens, experts, k, needed))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("t.safetensors")
                .hasMessageContaining(why);
    }

    private void write(Map<String, ExpertTable> tables) throws IOException {
        Tid2eidFile.write(Folder.of(HADOOP, dir.toString()), "t.safetensors", tables, Tid2eidFile.Width.INT64);
    }

    private List<ExpertTable> read(int tokens, int experts, int k, int needed) {
        String file = dir.resolve("t.safetensors").toString();
        TableConfig config =
                new TableConfig(TableConfig.Kind.TID2EID, 0, TokenFeature.CURRENT_TOKEN, true, file, "", "");
        ModelConfig model = new ModelConfig(
                tokens, 4, 2, 4, 6, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(0, 1), experts, k));
        return new Tid2eidTables(config, model).read(HADOOP, needed);
    }
}
