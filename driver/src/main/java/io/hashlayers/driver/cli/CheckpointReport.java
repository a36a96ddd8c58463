package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.io.PrintStream;
import java.util.Locale;

/** What a checkpoint holds. */
final class CheckpointReport {
    private final PrintStream out;

    CheckpointReport(PrintStream out) {
        this.out = out;
    }

    /**
     * Prints the checkpoint's contents and reads all of it.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} that names the first file and tensor that was
     *     changed
     */
    void print(String run, CheckpointReader checkpoint) {
        CheckpointManifest manifest = checkpoint.manifest();
        ModelConfig model = manifest.model();
        ParameterLayout layout = ParameterLayout.of(model);
        say("run         %s", run);
        say("step        %,d", manifest.step());
        sayStart(Settings.parse(manifest.settings()).tuning());
        say(
                "model       %d blocks of width %d, inner width %d, %d heads, context %d, dictionary %,d",
                model.layers(),
                model.modelDim(),
                model.ffnDim(),
                model.heads(),
                model.contextLength(),
                model.vocabularySize());
        say(
                "experts     %s",
                model.sparseLayers().isEmpty()
                        ? "none"
                        : "%d in each of the blocks %s, %d for each token"
                                .formatted(model.numExperts(), model.sparseLayers(), model.expertsPerToken()));
        for (int layer : model.sparseLayers()) {
            say("router      of block %d: %s", layer, model.router(layer).name());
        }
        say(
                "parameters  %,d, of them %,d in each expert",
                layout.totalParameters(), model.sparseLayers().isEmpty() ? 0 : layout.expertParameters());
        manifest.digests().forEach((name, digest) -> say("%-11s %s", name, digest));
        verify(checkpoint);
    }

    private void sayStart(TuningConfig tuning) {
        if (tuning.continues()) {
            say("begun with  step %,d of %s", tuning.step(), tuning.from());
        }
        if (!tuning.frozen().patterns().isEmpty()) {
            say("frozen      %s", String.join(", ", tuning.frozen().patterns()));
        }
    }

    private void verify(CheckpointReader checkpoint) {
        checkpoint.hashes(); // reading verifies
        for (CheckpointManifest.FileEntry file : checkpoint.manifest().files()) {
            checkpoint.verify(file);
            say(
                    "file        %s: %,d tensors, %,d bytes, checksums hold",
                    file.file(), file.tensors().size(), file.bytes());
        }
    }

    private void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
