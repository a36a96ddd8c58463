package io.hashlayers.worker.checkpoint;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * Writes the checkpoints of a run, all ranks together: each rank the files of its own experts, rank 0 those of the dense
 * parameters, the expert tables and, when all ranks have told what they wrote, the manifest.
 *
 * <pre>
 * step-00001000/  manifest.json  expert-table-0.bin  dense.safetensors  experts-000.safetensors ...
 *                 optimizer-dense-first-moment.safetensors  optimizer-dense-second-moment.safetensors
 *                 optimizer-experts-000-first-moment.safetensors  optimizer-experts-000-second-moment.safetensors ...
 * </pre>
 *
 * <p>The number of a file is that of the rank that wrote it and means nothing to a reader. An interrupted checkpoint has no
 * manifest and so does not exist. Belongs to the thread of its rank.
 */
public final class CheckpointWriter {
    private static final byte[] HERE = new byte[0];
    private static final JsonMapper JSON = new JsonMapper();

    private final Checkpoints checkpoints;
    private final Collective collective;
    private final Retention retention;

    /**
     * @param runDir folder of the run, any Hadoop path
     * @param collective of this rank
     * @param retention what becomes of older checkpoints
     */
    public CheckpointWriter(Configuration hadoop, String runDir, Collective collective, Retention retention) {
        this.checkpoints = new Checkpoints(hadoop, runDir);
        this.collective = collective;
        this.retention = retention;
    }

    /** A writer that keeps all checkpoints. */
    public CheckpointWriter(Configuration hadoop, String runDir, Collective collective) {
        this(hadoop, runDir, collective, Retention.ALL);
    }

    /**
     * Writes a checkpoint; all ranks call it together, and it exists when any of them returns.
     *
     * @param content the same on all ranks
     * @return path of the checkpoint's folder
     * @throws TrainingException of kind {@code RESOURCES} if the storage refuses; {@code BUG} if the ranks together do not
     *     hold each parameter of the model once
     */
    public String write(CheckpointContent content, CheckpointTensors tensors) {
        Folder folder = checkpoints.at(content.step());
        try {
            if (collective.rank() == 0) {
                folder.delete(); // what an interrupted run left, or the same step of one that was repeated
            }
            collective.allGather(HERE);
            byte[][] files = collective.allGather(JSON.writeValueAsBytes(writeFiles(folder, tensors)));
            if (collective.rank() == 0) {
                publish(folder, content, files);
                checkpoints.remove(retention);
            }
            collective.allGather(HERE);
            return folder.toString();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the checkpoint %s cannot be written: %s; make room or check the rights of the run's folder"
                            .formatted(folder, e.getMessage()),
                    e);
        }
    }

    private CheckpointManifest.FileEntry[] writeFiles(Folder folder, CheckpointTensors tensors) throws IOException {
        var files = new ArrayList<CheckpointManifest.FileEntry>();
        String ofRank = String.format(Locale.ROOT, "experts-%03d", collective.rank());
        if (collective.rank() == 0) {
            write(folder, "dense", tensors.dense(), files);
        }
        write(folder, ofRank, tensors.experts(), files);
        for (MomentTensors moment : tensors.denseMoments()) {
            moment.moment().gather();
            if (collective.rank() == 0) {
                write(folder, "optimizer-dense" + moment.fileSuffix(), moment.tensors(), files);
            }
        }
        for (MomentTensors moment : tensors.expertMoments()) {
            moment.moment().gather();
            write(folder, "optimizer-" + ofRank + moment.fileSuffix(), moment.tensors(), files);
        }
        return files.toArray(CheckpointManifest.FileEntry[]::new);
    }

    private static void write(
            Folder folder, String name, List<NamedTensor> tensors, List<CheckpointManifest.FileEntry> files)
            throws IOException {
        if (!tensors.isEmpty()) {
            files.add(new SafetensorsWriter().write(folder, name + ".safetensors", tensors));
        }
    }

    private static void publish(Folder folder, CheckpointContent content, byte[][] filesOfRanks) throws IOException {
        var files = new ArrayList<CheckpointManifest.FileEntry>();
        for (byte[] ofRank : filesOfRanks) {
            files.addAll(List.of(JSON.readValue(ofRank, CheckpointManifest.FileEntry[].class)));
        }
        List<CheckpointManifest.TableEntry> tables = new ArrayList<>();
        for (SharedHash shared : content.hashes()) {
            for (TokenHash part : shared.hash().parts()) {
                tables.add(writeTable(folder, tables.size(), part, shared.layers()));
            }
        }
        requireWhole(content.model(), files);
        CheckpointManifest manifest = new CheckpointManifest(
                CheckpointManifest.FORMAT_VERSION,
                content.step(),
                content.model(),
                content.digests(),
                content.settings(),
                content.progress(),
                tables,
                files);
        CheckpointManifest.FILE.write(folder, CheckpointManifest.NAME, manifest);
    }

    private static CheckpointManifest.TableEntry writeTable(
            Folder folder, int number, TokenHash hash, List<Integer> layers) throws IOException {
        String name = "expert-table-" + number + ".bin";
        try (PendingFile file = folder.create(name)) {
            hash.table().write(file.out());
            file.commit();
        }
        return new CheckpointManifest.TableEntry(
                name, hash.table().digest(), hash.feature().name(), layers);
    }

    /** Ranks that lost an expert between them must not publish a model with a hole. */
    private static void requireWhole(ModelConfig model, List<CheckpointManifest.FileEntry> files) {
        Set<String> written = new HashSet<>();
        files.forEach(file -> file.tensors().forEach(tensor -> written.add(tensor.name())));
        ParameterLayout layout = ParameterLayout.of(model);
        requireAll(layout.dense(), written);
        for (int layer : model.sparseLayers()) {
            for (int expert = 0; expert < model.numExperts(); expert++) {
                requireAll(layout.expert(layer, expert), written);
            }
        }
    }

    private static void requireAll(List<TensorSpec> tensors, Set<String> written) {
        for (TensorSpec tensor : tensors) {
            if (!written.contains(tensor.name())) {
                throw new TrainingException(
                        Failure.BUG, "no rank wrote the tensor " + tensor.name() + "; please report this");
            }
        }
    }
}
