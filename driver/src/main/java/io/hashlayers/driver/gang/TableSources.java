package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * What the hashes of a run are made with, beside its training text.
 *
 * @param clustered model whose tokens are clustered, if a table needs that
 * @param predictor model that predicts what the hashes read, if they read predictions
 * @param tables of a file, by number; none if they are built
 */
record TableSources(Optional<TrainedModel> clustered, Optional<TrainedModel> predictor, List<ExpertTable> tables) {
    /**
     * Opens what a configuration names and needs: of runs the newest checkpoints.
     *
     * @param others layers that have a hash already
     * @throws TrainingException of kind {@code DATA} if something is missing, damaged or for another model
     */
    static TableSources open(Configuration hadoop, RunConfig config, Collection<Integer> others) {
        TableConfig table = config.table();
        int needed = tables(config, others);
        int all = tables(config, List.of());
        return new TableSources(
                open(hadoop, needed > 0 && table.kind().ofClusters(), table.clustersFrom()),
                open(hadoop, all > 0 && table.feature().needsPrediction(), table.predictionsFrom()),
                needed > 0 && table.kind() == TableConfig.Kind.TID2EID
                        ? new Tid2eidTables(table, config.model()).read(hadoop, all)
                        : List.of());
    }

    /** How many different tables the layers need. */
    private static int tables(RunConfig config, Collection<Integer> others) {
        ModelConfig model = config.model();
        IntStream segments = model.sparseLayers().stream()
                .filter(layer -> !others.contains(layer) && model.router(layer) instanceof HashConfig)
                .mapToInt(layer -> model.router(layer).segments());
        return config.table().perLayer() ? segments.sum() : segments.max().orElse(0);
    }

    private static Optional<TrainedModel> open(Configuration hadoop, boolean needed, String runDir) {
        return needed ? Optional.of(TrainedModel.open(hadoop, runDir, OptionalLong.empty())) : Optional.empty();
    }

    /**
     * Requires that they know the tokens of the run's dataset, and that the predictor can read its sequences.
     *
     * @throws TrainingException of kind {@code DATA} if a tokenizer is another; {@code USER} if a model cannot be used
     */
    void requireFit(RunConfig config, DatasetManifest dataset) {
        clustered.ifPresent(model -> requireFit("moe.clusters-from", model, config, dataset));
        predictor.ifPresent(model -> {
            requireFit("moe.predictions-from", model, config, dataset);
            requirePredictor(model, config);
        });
    }

    private static void requireFit(String key, TrainedModel model, RunConfig config, DatasetManifest dataset) {
        if (model.runDir().equals(config.runDir())) {
            throw new TrainingException(
                    Failure.USER,
                    key + " is " + model.runDir() + ", the folder of the new run itself; name another with --run");
        }
        DatasetCheck.requireTokenizer(config.datasetDir(), dataset, model.manifest());
    }

    private static void requirePredictor(TrainedModel model, RunConfig config) {
        int length = model.manifest().model().contextLength();
        if (length != config.model().contextLength()) {
            throw new TrainingException(
                    Failure.USER,
                    "model.context-length is %d but the model in moe.predictions-from = %s reads %d tokens; set it to that"
                            .formatted(config.model().contextLength(), model.runDir(), length));
        }
        if (model.hashes().stream()
                .anyMatch(shared -> shared.hash().leaks() || shared.hash().needsPrediction())) {
            throw new TrainingException(
                    Failure.USER,
                    "the model in moe.predictions-from = %s routes by the next token itself (%s); name a run that does not"
                            .formatted(
                                    model.runDir(),
                                    model.hashes()
                                            .get(0)
                                            .hash()
                                            .parts()
                                            .get(0)
                                            .feature()
                                            .name()));
        }
    }
}
