package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.RunConfig;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/**
 * The trained models that the hashes of a run are made with.
 *
 * @param clustered whose tokens are clustered, if a table needs that
 * @param predictor that predicts what the hashes read, if they read predictions
 */
record TableSources(Optional<TrainedModel> clustered, Optional<TrainedModel> predictor) {
    /**
     * Opens the newest checkpoints of the runs that a configuration names and needs.
     *
     * @throws TrainingException of kind {@code DATA} if there is none or it is damaged
     */
    static TableSources open(Configuration hadoop, RunConfig config) {
        boolean hashed = config.model().mixture().routers().stream().anyMatch(HashConfig.class::isInstance);
        return new TableSources(
                open(
                        hadoop,
                        hashed && config.table().kind().ofClusters(),
                        config.table().clustersFrom()),
                open(
                        hadoop,
                        hashed && config.table().feature().needsPrediction(),
                        config.table().predictionsFrom()));
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
