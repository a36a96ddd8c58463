package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.storage.JsonManifest;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What a checkpoint's folder holds: {@code manifest.json}, written last, so a checkpoint exists when its manifest does.
 *
 * @param formatVersion {@link #FORMAT_VERSION}
 * @param step after which the tensors stand
 * @param model shape of the model
 * @param digests by name: tokenizer, dataset, table, plan
 * @param settings the resolved configuration of the run, as text
 * @param progress of the run
 * @param tables expert tables, none for a dense model or one that learns its routes; segments of a hash follow each other
 * @param files with the tensors
 */
public record CheckpointManifest(
        int formatVersion,
        long step,
        ModelConfig model,
        SortedMap<String, String> digests,
        String settings,
        RunProgress progress,
        List<TableEntry> tables,
        List<FileEntry> files) {
    public static final int FORMAT_VERSION = 4;

    static final String NAME = "manifest.json";
    static final JsonManifest<CheckpointManifest> FILE =
            new JsonManifest<>(CheckpointManifest.class, FORMAT_VERSION, "checkpoint manifest");

    /** Names that stay inside the folder. */
    private static final Pattern FILE_NAME = Pattern.compile("[a-z0-9][a-z0-9-]*\\.[a-z]+");

    /**
     * An expert table.
     *
     * @param digest of its contents; the file has a checksum of its own
     * @param feature what of a token it has experts for
     * @param layers that route by it, ascending; those of one hash with several segments name it once for each
     */
    public record TableEntry(String file, String digest, String feature, List<Integer> layers) {
        public TableEntry {
            requireFileName(file);
            if (TokenFeature.find(feature).isEmpty()) {
                throw new IllegalArgumentException("'" + feature + "' is nothing of a token that this program knows");
            }
            layers = List.copyOf(layers);
        }
    }

    /**
     * A safetensors file.
     *
     * @param bytes its length
     * @param headerCrc32c eight hex digits, of length and JSON together
     * @param tensors in the order of their data
     */
    public record FileEntry(String file, long bytes, String headerCrc32c, List<TensorEntry> tensors) {
        public FileEntry {
            requireFileName(file);
            tensors = List.copyOf(tensors);
        }
    }

    /**
     * A tensor of float32, [rows, cols].
     *
     * @param crc32c eight hex digits, of its data
     */
    public record TensorEntry(String name, int rows, int cols, String crc32c) {}

    public CheckpointManifest {
        digests = Collections.unmodifiableSortedMap(new TreeMap<>(digests));
        tables = List.copyOf(tables);
        files = List.copyOf(files);
        if (step < 0) {
            throw new IllegalArgumentException("its step is " + step);
        }
        requireHashes(model, tables);
        Set<String> names = new HashSet<>();
        for (FileEntry file : files) {
            for (TensorEntry tensor : file.tensors()) {
                if (!names.add(tensor.name())) {
                    throw new IllegalArgumentException("tensor " + tensor.name() + " is listed twice");
                }
            }
        }
    }

    /** Every hash must have the tables of all its segments, one after another, for the same layers of experts. */
    private static void requireHashes(ModelConfig model, List<TableEntry> tables) {
        for (int first = 0; first < tables.size(); ) {
            TableEntry table = tables.get(first);
            if (table.layers().isEmpty() || !model.sparseLayers().containsAll(table.layers())) {
                throw new IllegalArgumentException("%s is for the layers %s, but those with experts are %s"
                        .formatted(table.file(), table.layers(), model.sparseLayers()));
            }
            int end = first + model.router(table.layers().get(0)).segments();
            if (end > tables.size()
                    || !tables.subList(first, end).stream()
                            .allMatch(other -> other.layers().equals(table.layers()))) {
                throw new IllegalArgumentException(
                        "not every segment of the layers %s has a table".formatted(table.layers()));
            }
            first = end;
        }
    }

    /** Names this checkpoint and all that is in it: {@code sha256:...}. */
    public String digest() {
        return FILE.digest(this);
    }

    private static void requireFileName(String file) {
        if (!FILE_NAME.matcher(file).matches()) {
            throw new IllegalArgumentException("'" + file + "' is not the name of a file of ours");
        }
    }
}
