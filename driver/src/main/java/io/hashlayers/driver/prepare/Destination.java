package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.data.SplitInfo;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The folder of a dataset: what is there already, and how a new one takes its place. */
final class Destination {
    private static final byte[] PARQUET_MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII); // a whole file ends with it

    private final Configuration hadoop;
    private final FileSystem fileSystem;
    private final Path output;

    Destination(Configuration hadoop, FileSystem fileSystem, Path output) {
        this.hadoop = hadoop;
        this.fileSystem = fileSystem;
        this.output = output;
    }

    /** Where the new dataset is written: beside its place, so that it is whole or absent there. */
    Path draft() {
        return new Path(output.getParent(), output.getName() + ".incomplete");
    }

    /**
     * The dataset that is there, if it is whole and was made with these settings.
     *
     * @param progress hears that it is so, or what is missing
     * @throws TrainingException of kind USER if the folder holds anything that may not be replaced; DATA if it is a dataset
     *     whose manifest cannot be read
     */
    Optional<DatasetManifest> upToDate(Map<String, String> settings, boolean overwrite, Consumer<String> progress)
            throws IOException {
        if (!fileSystem.exists(output)) {
            return Optional.empty();
        }
        if (!DatasetManifest.exists(hadoop, output)) {
            if (!fileSystem.getFileStatus(output).isDirectory() || fileSystem.listStatus(output).length > 0) {
                throw occupied(": it is no dataset of ours");
            }
            return Optional.empty();
        }
        return compare(settings, overwrite, progress);
    }

    private Optional<DatasetManifest> compare(
            Map<String, String> settings, boolean overwrite, Consumer<String> progress) throws IOException {
        DatasetManifest present;
        try {
            present = DatasetManifest.read(hadoop, output);
        } catch (TrainingException e) {
            if (overwrite) {
                return Optional.empty();
            }
            throw new TrainingException(e.failure(), e.getMessage() + " with --overwrite", e);
        }
        if (!present.settings().equals(settings)) {
            if (overwrite) {
                return Optional.empty();
            }
            throw occupied(", or add --overwrite");
        }
        Optional<String> damage = damage(present);
        if (damage.isPresent()) {
            progress.accept(output + " is made anew: " + damage.get());
            return Optional.empty();
        }
        progress.accept(output + " is up to date: same input and settings, nothing to do");
        return Optional.of(present);
    }

    private TrainingException occupied(String orElse) {
        return new TrainingException(
                Failure.USER,
                output + " is not empty and was not made of this input with these settings; choose another folder"
                        + orElse);
    }

    /** What is missing of a dataset or has another size than its manifest says; checksums of shards are not read. */
    private Optional<String> damage(DatasetManifest manifest) throws IOException {
        for (SplitInfo split : manifest.splits().values()) {
            for (SplitInfo.Shard shard : split.shards()) {
                long bytes = bytes(shard.file());
                if (bytes != shard.bytes()) {
                    return Optional.of(shard.file()
                            + (bytes < 0 ? " is missing" : " has " + bytes + " bytes instead of " + shard.bytes()));
                }
            }
        }
        if (bytes(DatasetFiles.TOKENIZER) < 0) {
            return Optional.of(DatasetFiles.TOKENIZER + " is missing");
        }
        byte[] tokenizer = TextTokenizer.read(hadoop, new Path(output, DatasetFiles.TOKENIZER).toString());
        if (!Sha256.of(tokenizer).equals(manifest.tokenizerDigest())) {
            return Optional.of(DatasetFiles.TOKENIZER + " is not the one that the shards were made with");
        }
        long bytes = bytes(DatasetFiles.FREQUENCIES);
        if (bytes < 0) {
            return Optional.of(DatasetFiles.FREQUENCIES + " is missing");
        }
        return endsWithMagic(bytes) ? Optional.empty() : Optional.of(DatasetFiles.FREQUENCIES + " is not whole");
    }

    /** Length of a file of the dataset, or -1 if there is none. */
    private long bytes(String file) throws IOException {
        try {
            var status = fileSystem.getFileStatus(new Path(output, file));
            return status.isFile() ? status.getLen() : -1;
        } catch (FileNotFoundException e) {
            return -1;
        }
    }

    private boolean endsWithMagic(long bytes) throws IOException {
        byte[] end = new byte[PARQUET_MAGIC.length];
        if (bytes < end.length) {
            return false;
        }
        try (FSDataInputStream in = fileSystem.open(new Path(output, DatasetFiles.FREQUENCIES))) {
            in.readFully(bytes - end.length, end);
        }
        return Arrays.equals(end, PARQUET_MAGIC);
    }

    /** Makes the folder of the draft, anew if a run was cut off before. */
    void begin() {
        try {
            fileSystem.delete(draft(), true);
            if (fileSystem.mkdirs(draft())) {
                return;
            }
        } catch (IOException e) {
            throw new TrainingException(Failure.RESOURCES, cannotBeMade() + ": " + e.getMessage(), e);
        }
        throw new TrainingException(Failure.RESOURCES, cannotBeMade());
    }

    private String cannotBeMade() {
        return draft() + " cannot be made; check the rights of its folder, or choose another";
    }

    /**
     * Puts the draft in its place. What was there goes aside first, and back if the draft cannot be moved, so that one of
     * them is always whole.
     */
    void replace() throws IOException {
        Path former = new Path(output.getParent(), output.getName() + ".former");
        fileSystem.delete(former, true);
        boolean occupied = fileSystem.exists(output);
        if (occupied) {
            rename(fileSystem, output, former);
        }
        try {
            rename(fileSystem, draft(), output);
        } catch (IOException | RuntimeException e) {
            if (occupied) {
                putBack(former, e);
            }
            throw e;
        }
        fileSystem.delete(former, true);
    }

    private void putBack(Path former, Exception failure) {
        try {
            rename(fileSystem, former, output);
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Removes the draft, if it is still there. */
    void discard() throws IOException {
        fileSystem.delete(draft(), true);
    }

    /** @throws TrainingException of kind RESOURCES if the file system refuses */
    static void rename(FileSystem fileSystem, Path from, Path to) throws IOException {
        if (!fileSystem.rename(from, to)) {
            throw new TrainingException(
                    Failure.RESOURCES, from + " cannot be renamed to " + to + "; check the rights of its folder");
        }
    }
}
