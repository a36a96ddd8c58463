package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.HashConfig.Combine;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transfer.ModelTransfer;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.conf.Configuration;

/** The saved model that a run begins with: {@code train.from}. */
final class StartingModel {
    private final String run;
    private final CheckpointManifest saved;
    private final List<SharedHash> hashes;

    private StartingModel(String run, CheckpointReader reader) {
        this.run = run;
        this.saved = reader.manifest();
        this.hashes = reader.hashes();
    }

    /**
     * Opens a checkpoint.
     *
     * @throws TrainingException of kind {@code DATA} if there is none or it is damaged
     */
    static StartingModel open(Configuration hadoop, TuningConfig tuning) {
        OptionalLong step = tuning.step() == 0 ? OptionalLong.empty() : OptionalLong.of(tuning.step());
        try (CheckpointReader reader = CheckpointReader.open(hadoop, tuning.from(), step)) {
            return new StartingModel(tuning.from(), reader);
        }
    }

    /** The step of the checkpoint. */
    long step() {
        return saved.step();
    }

    /** Names the checkpoint and all that is in it. */
    String digest() {
        return saved.digest();
    }

    /**
     * Requires that a run can go on with it.
     *
     * @throws TrainingException of kind {@code DATA} if the dataset is of another tokenizer; {@code USER} if the model does not
     *     match
     */
    void requireFit(RunConfig config, DatasetManifest dataset) {
        if (config.runDir().equals(run)) {
            throw new TrainingException(
                    Failure.USER, "train.from is " + run + ", the folder of the new run itself; name another by --run");
        }
        DatasetCheck.requireTokenizer(config.datasetDir(), dataset, saved);
        ModelTransfer.of(saved.model(), config.model());
    }

    /** The hashes by which layers of the model still route, each with those layers. */
    List<SharedHash> kept(RunConfig config) {
        if (!config.tuning().keepsTables()) {
            return List.of();
        }
        return hashes.stream()
                .map(shared -> new SharedHash(
                        shared.hash(),
                        shared.layers().stream()
                                .filter(layer -> follows(config.model(), layer, shared.hash()))
                                .toList()))
                .filter(shared -> !shared.layers().isEmpty())
                .toList();
    }

    private static boolean follows(ModelConfig model, int layer, ExpertHash hash) {
        if (!model.sparse(layer) || !(model.router(layer) instanceof HashConfig config)) {
            return false;
        }
        int choices = config.segments() > 1 ? config.segments() : model.expertsPerToken();
        return hash.unitsPerExpert() == config.segments() && hash.choices() == choices;
    }

    /** Tells what begins as what. */
    void tell(RunConfig config, List<SharedHash> kept, RunReporter reporter) {
        ModelTransfer transfer = ModelTransfer.of(saved.model(), config.model());
        reporter.note("begins    with step %,d of %s: %,d tensors are taken, the optimizer begins anew"
                .formatted(saved.step(), run, transfer.taken()));
        for (int layer : transfer.upcycledLayers()) {
            reporter.note("begins    block %d: %d experts, each a copy of %s"
                    .formatted(layer, config.model().numExperts(), ParameterLayout.feedForwardPrefix(layer)));
            int copies = config.model().expertsPerToken();
            if (copies > 1
                    && config.model().router(layer) instanceof HashConfig hash
                    && hash.combine() == Combine.SUM) {
                reporter.note(
                        "begins    block %d: a token sums the answers of %d copies; moe.combine = average begins as the dense model"
                                .formatted(layer, copies));
            }
        }
        tell("with first values", transfer.begunAnew(), reporter);
        tell("without", transfer.leftOut(), reporter);
        for (SharedHash shared : kept) {
            reporter.note(
                    "begins    blocks %s: the expert table of the checkpoint, which was made for the frequencies of its text"
                            .formatted(shared.layers()));
        }
    }

    private static void tell(String what, List<String> tensors, RunReporter reporter) {
        if (!tensors.isEmpty()) {
            reporter.note("begins    " + what + ": " + String.join(", ", tensors));
        }
    }
}
