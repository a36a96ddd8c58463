package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.checkpoint.Tid2eidFile;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** The tables in the safetensors file that {@code moe.table-file} names, for one model. */
final class Tid2eidTables {
    private final TableConfig config;
    private final ModelConfig model;

    Tid2eidTables(TableConfig config, ModelConfig model) {
        this.config = config;
        this.model = model;
    }

    /**
     * Reads all tables of the file, in the order of the numbers in their names.
     *
     * @param needed how many the model has room for
     * @throws TrainingException of kind {@code DATA} if the file is missing, damaged, or for another model
     */
    List<ExpertTable> read(Configuration hadoop, int needed) {
        Path path = Folder.of(hadoop, config.file()).path();
        if (path.isRoot()) {
            throw unfit("it is a folder: name a file");
        }
        Folder folder = Folder.of(hadoop, path.getParent().toString());
        try (Tid2eidFile file = Tid2eidFile.open(folder, path.getName())) {
            List<String> names = file.names();
            if (names.size() != needed) {
                throw unfit(
                        "it has %d tables (%s), the layers that route by a hash need %d: with moe.table-per-layer = false one for all, else one for each"
                                .formatted(names.size(), String.join(", ", names), needed));
            }
            return names.stream()
                    .map(name -> requireFit(name, file.read(name, model.numExperts())))
                    .toList();
        }
    }

    private ExpertTable requireFit(String name, ExpertTable table) {
        if (table.values() != model.vocabularySize()) {
            throw unfit(
                    "%s has %,d tokens, the dictionary of the dataset %,d: prepare the text with the tokenizer of that table (prepare.tokenizer)"
                            .formatted(name, table.values(), model.vocabularySize()));
        }
        if (table.expertsPerToken() != model.expertsPerToken()) {
            throw unfit("%s has %d experts for each token: set moe.experts-per-token to that instead of %d"
                    .formatted(name, table.expertsPerToken(), model.expertsPerToken()));
        }
        return table;
    }

    private TrainingException unfit(String why) {
        return new TrainingException(Failure.DATA, "moe.table-file = " + config.file() + " does not fit: " + why);
    }
}
