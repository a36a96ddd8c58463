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
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;

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
 * manifest and so does not exist.
 *
 * <p>A checkpoint is written in stages: make room, write files, publish the manifest. What a stage does with the storage is done
 * on a thread of its own, and the next one begins when the ranks know that all of them are {@link #ready}. They may do steps
 * meanwhile if they write a {@link CheckpointSnapshot}. Belongs to the thread of its rank.
 */
public final class CheckpointWriter implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final JsonMapper JSON = new JsonMapper();

    private final Checkpoints checkpoints;
    private final Collective collective;
    private final Retention retention;
    private final Duration timeout;
    private final BackgroundWork work = new BackgroundWork();
    private final Queue<Stage> stages = new ArrayDeque<>(); // that were not begun
    private @Nullable Folder folder; // of the checkpoint that is being written
    private long deadline;
    private volatile boolean closed;

    /**
     * A part of the writing of a checkpoint.
     *
     * @param together all ranks do it before, on their own threads
     * @param storage what this rank does in its background
     */
    private record Stage(Runnable together, BackgroundWork.Piece storage) {}

    /**
     * @param runDir folder of the run, any Hadoop path
     * @param collective of this rank
     * @param retention what becomes of older checkpoints
     * @param timeout longest time that the storage takes for a stage of a checkpoint
     */
    public CheckpointWriter(
            Configuration hadoop, String runDir, Collective collective, Retention retention, Duration timeout) {
        this.checkpoints = new Checkpoints(hadoop, runDir);
        this.collective = collective;
        this.retention = retention;
        this.timeout = timeout;
    }

    /** A writer that keeps all checkpoints. */
    public CheckpointWriter(Configuration hadoop, String runDir, Collective collective) {
        this(hadoop, runDir, collective, Retention.ALL, LONGEST);
    }

    /**
     * Writes a checkpoint; all ranks call it together, and it exists when any of them returns.
     *
     * @param content the same on all ranks
     * @return path of the checkpoint's folder
     * @throws TrainingException of kind {@code RESOURCES} if the storage refuses or takes too long; {@code BUG} if the ranks together
     *     do not hold each parameter of the model once
     */
    public String write(CheckpointContent content, CheckpointTensors tensors) {
        begin(content, tensors.files(collective.rank()));
        finish();
        return path(content.step());
    }

    /** Where the checkpoint of a step is, or will be. */
    public String path(long step) {
        return checkpoints.at(step).toString();
    }

    /**
     * Begins to write a checkpoint of what was copied; all ranks call it together.
     *
     * @param content the same on all ranks
     * @param snapshot not to be taken again before the checkpoint is written
     */
    public void begin(CheckpointContent content, CheckpointSnapshot snapshot) {
        begin(content, List.of(snapshot.files()));
    }

    private void begin(CheckpointContent content, List<List<CheckpointFile>> groups) {
        if (writing()) {
            throw new IllegalStateException("a checkpoint is begun while " + folder + " is being written");
        }
        Folder target = checkpoints.at(content.step());
        List<CheckpointManifest.FileEntry> entries = new ArrayList<>(); // of this rank
        List<CheckpointManifest.FileEntry> ofAllRanks = new ArrayList<>();
        boolean first = collective.rank() == 0;
        stages.add(new Stage(() -> {}, () -> {
            if (first) {
                requireOpen();
                target.delete(); // what an interrupted run left, or the same step of one that was repeated
            }
        }));
        for (List<CheckpointFile> group : groups) {
            stages.add(new Stage(
                    () -> group.forEach(file -> file.gather().run()), () -> writeFiles(target, group, entries)));
        }
        stages.add(new Stage(() -> ofAllRanks.addAll(gather(entries)), () -> {
            if (first) {
                publish(target, content, ofAllRanks);
                requireOpen();
                checkpoints.remove(retention, content.step());
            }
        }));
        folder = target;
        startNext();
    }

    private void startNext() {
        Stage stage = stages.remove();
        stage.together().run();
        deadline = System.nanoTime()
                + timeout.toNanos(); // for a stage, since the steps between two are not the storage's time
        work.start(stage.storage());
    }

    /** Whether a checkpoint was begun and does not exist yet. */
    public boolean writing() {
        return folder != null;
    }

    /**
     * Whether this rank is done with a stage; false if it writes no checkpoint.
     *
     * @throws TrainingException of kind {@code RESOURCES} if the storage refused, or takes too long
     */
    public boolean ready() {
        if (folder == null) {
            return false;
        }
        if (work.done()) {
            try {
                work.requireSuccess();
                return true;
            } catch (IOException e) {
                throw new TrainingException(
                        Failure.RESOURCES,
                        "the checkpoint %s cannot be written: %s; make room or check the rights of the run's folder"
                                .formatted(folder, e.getMessage()),
                        e);
            }
        }
        if (System.nanoTime() - deadline > 0) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the checkpoint %s was not written within %d s; its storage is too slow or hangs: use another, or raise train.checkpoint-timeout-seconds"
                            .formatted(folder, timeout.toSeconds()));
        }
        return false;
    }

    /**
     * Goes on with the next stage; all ranks call it together, when all of them are ready.
     *
     * @return whether the checkpoint exists now, so that no stage is left
     */
    public boolean advance() {
        if (stages.isEmpty()) {
            folder = null;
            return true;
        }
        startNext();
        return false;
    }

    /** Waits until the checkpoint that was begun exists; all ranks call it together. Does nothing if there is none. */
    public void finish() {
        double[] allReady = new double[1];
        while (writing()) {
            work.await(POLL);
            allReady[0] = ready() ? 1 : 0;
            collective.allReduce(allReady);
            if (allReady[0] == collective.worldSize()) {
                advance();
            }
        }
    }

    /** Gives up what is being written: it will never be a checkpoint. Returns at once. */
    @Override
    public void close() {
        closed = true;
        work.interrupt();
    }

    private void writeFiles(Folder target, List<CheckpointFile> files, List<CheckpointManifest.FileEntry> entries)
            throws IOException {
        for (CheckpointFile file : files) {
            if (file.written()) {
                requireOpen(); // a run that began anew may be writing the same files
                entries.add(new SafetensorsWriter().write(target, file.name() + ".safetensors", file.tensors()));
            }
        }
    }

    private void requireOpen() throws IOException {
        if (closed) {
            throw new InterruptedIOException("its rank has ended");
        }
    }

    private List<CheckpointManifest.FileEntry> gather(List<CheckpointManifest.FileEntry> entries) {
        try {
            List<CheckpointManifest.FileEntry> all = new ArrayList<>();
            for (byte[] ofRank : collective.allGather(JSON.writeValueAsBytes(entries))) {
                all.addAll(List.of(JSON.readValue(ofRank, CheckpointManifest.FileEntry[].class)));
            }
            return all;
        } catch (IOException e) {
            throw new IllegalStateException("what a rank wrote cannot be told as JSON", e);
        }
    }

    private void publish(Folder target, CheckpointContent content, List<CheckpointManifest.FileEntry> files)
            throws IOException {
        requireWhole(content.model(), files);
        requireOpen();
        List<CheckpointManifest.TableEntry> tables = new ArrayList<>();
        for (SharedHash shared : content.hashes()) {
            for (TokenHash part : shared.hash().parts()) {
                tables.add(writeTable(target, tables.size(), part, shared.layers()));
            }
        }
        CheckpointManifest manifest = new CheckpointManifest(
                CheckpointManifest.FORMAT_VERSION,
                content.step(),
                content.model(),
                content.digests(),
                content.settings(),
                content.progress(),
                tables,
                files);
        requireOpen();
        CheckpointManifest.FILE.write(target, CheckpointManifest.NAME, manifest);
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
