package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

/**
 * Reads any tensors of a checkpoint by name, whatever number of ranks wrote it or reads it. Every byte that is used is
 * checked. Not thread-safe.
 */
public final class CheckpointReader implements AutoCloseable {
    private final Folder folder;
    private final CheckpointManifest manifest;
    private final Map<String, CheckpointManifest.FileEntry> fileOf = new HashMap<>();
    private final Map<String, SafetensorsFile> open = new HashMap<>();

    private CheckpointReader(Folder folder, CheckpointManifest manifest) {
        this.folder = folder;
        this.manifest = manifest;
        for (CheckpointManifest.FileEntry file : manifest.files()) {
            file.tensors().forEach(tensor -> fileOf.put(tensor.name(), file));
        }
    }

    /** The step of the newest whole checkpoint of a run, if there is one. */
    public static OptionalLong latestStep(Configuration hadoop, String runDir) {
        return steps(hadoop, runDir).stream().mapToLong(Long::longValue).max();
    }

    /** Steps of all whole checkpoints of a run, ascending. */
    public static List<Long> steps(Configuration hadoop, String runDir) {
        return new Checkpoints(hadoop, runDir).steps();
    }

    /**
     * Opens a checkpoint.
     *
     * @param step of the checkpoint, or empty for the newest whole one
     * @throws TrainingException of kind {@code DATA} if there is none or its manifest is damaged
     */
    public static CheckpointReader open(Configuration hadoop, String runDir, OptionalLong step) {
        Checkpoints checkpoints = new Checkpoints(hadoop, runDir);
        List<Long> steps = checkpoints.steps();
        if (steps.isEmpty()) {
            throw new TrainingException(
                    Failure.DATA,
                    checkpoints + " holds no whole checkpoint; train the run to its end or name another folder");
        }
        long chosen = step.orElse(steps.get(steps.size() - 1));
        if (!steps.contains(chosen)) {
            throw new TrainingException(
                    Failure.DATA,
                    checkpoints + " holds no whole checkpoint of step " + chosen + "; choose one of the steps "
                            + steps);
        }
        Folder folder = checkpoints.at(chosen);
        return new CheckpointReader(folder, CheckpointManifest.FILE.read(folder, CheckpointManifest.NAME));
    }

    /** What the checkpoint says of itself. */
    public CheckpointManifest manifest() {
        return manifest;
    }

    /** Names of all tensors. */
    public SortedSet<String> names() {
        return Collections.unmodifiableSortedSet(new TreeSet<>(fileOf.keySet()));
    }

    /** Whether there is a tensor of this name. */
    public boolean has(String name) {
        return fileOf.containsKey(name);
    }

    /**
     * The hashes that layers of the model route by, each once; none if it is dense or learned its routes.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if a table is damaged
     */
    public List<SharedHash> hashes() {
        List<SharedHash> hashes = new ArrayList<>();
        List<CheckpointManifest.TableEntry> tables = manifest.tables();
        int next = 0;
        while (next < tables.size()) {
            List<Integer> layers = tables.get(next).layers();
            int segments = manifest.model().router(layers.get(0)).segments();
            List<TokenHash> parts = tables.subList(next, Math.min(tables.size(), next + segments)).stream()
                    .map(entry -> new TokenHash(TokenFeature.named(entry.feature()), readTable(entry)))
                    .toList();
            hashes.add(new SharedHash(segments == 1 ? parts.get(0) : together(parts), layers));
            next += segments;
        }
        return hashes;
    }

    private MultiHash together(List<TokenHash> parts) {
        try {
            return new MultiHash(parts);
        } catch (IllegalArgumentException e) {
            throw new TrainingException(
                    Failure.DATA,
                    folder + " has tables that do not fit together: " + e.getMessage()
                            + "; take another checkpoint of the run",
                    e);
        }
    }

    private ExpertTable readTable(CheckpointManifest.TableEntry entry) {
        String path = folder.path(entry.file()).toString();
        try (InputStream in = new BufferedInputStream(folder.open(entry.file()))) {
            ExpertTable table = ExpertTable.read(in, path);
            if (!table.digest().equals(entry.digest())) {
                throw new TrainingException(
                        Failure.DATA,
                        path + " has digest " + table.digest() + ", the manifest says " + entry.digest()
                                + "; restore it or take another checkpoint of the run");
            }
            return table;
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    path + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    /**
     * Reads one tensor into a matrix of its shape and verifies its checksum.
     *
     * @throws TrainingException of kind {@code DATA} that names file and tensor if it is missing, damaged or of another shape
     */
    public void read(String name, Matrix into) {
        CheckpointManifest.FileEntry file = fileOf.get(name);
        if (file == null) {
            throw new TrainingException(
                    Failure.DATA,
                    folder + " has no tensor " + name + "; it is of another model, take a checkpoint of this one");
        }
        open.computeIfAbsent(file.file(), key -> SafetensorsFile.open(folder, file))
                .read(name, into);
    }

    /**
     * Reads a file of the checkpoint whole and compares its checksums; opens it for this alone.
     *
     * @throws TrainingException of kind {@code DATA} that names file and tensor if one is missing or damaged
     */
    public void verify(CheckpointManifest.FileEntry file) {
        try (SafetensorsFile opened = SafetensorsFile.open(folder, file)) {
            opened.verify();
        }
    }

    @Override
    public void close() {
        open.values().forEach(SafetensorsFile::close);
        open.clear();
    }
}
