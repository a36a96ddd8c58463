package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.storage.FileSystems;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * One file of text.
 *
 * @param format lines, blank-line, jsonl or parquet
 */
record InputFile(String path, long bytes, long modified, String format) implements Serializable {
    /** Text is about this many times larger than its compressed file. */
    private static final int COMPRESSION = 4;

    /**
     * Finds the files behind paths and globs, in the order of their paths and each once; hidden files are left out.
     *
     * @throws TrainingException of kind DATA if a path matches nothing
     */
    static List<InputFile> find(Configuration hadoop, List<String> inputs, String format) {
        SortedMap<String, InputFile> files = new TreeMap<>();
        for (String input : inputs) {
            List<InputFile> found = behind(hadoop, input, format);
            if (found.isEmpty()) {
                throw new TrainingException(
                        Failure.DATA,
                        "the input " + input + " does not exist or holds no file; check the path after --input");
            }
            found.forEach(file -> files.put(file.path(), file));
        }
        return List.copyOf(files.values());
    }

    private static List<InputFile> behind(Configuration hadoop, String input, String format) {
        List<InputFile> found = new ArrayList<>();
        try {
            Path pattern = new Path(input);
            FileSystems.requireNoPassword(pattern);
            FileSystem fileSystem = pattern.getFileSystem(hadoop);
            FileStatus[] matches = fileSystem.globStatus(pattern);
            for (FileStatus match : matches == null ? new FileStatus[0] : matches) {
                collect(fileSystem, match, format, found);
            }
            return found;
        } catch (IOException | IllegalArgumentException e) {
            throw new TrainingException(Failure.DATA, "the input " + input + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void collect(FileSystem fileSystem, FileStatus status, String format, List<InputFile> files)
            throws IOException {
        String name = status.getPath().getName();
        if (name.startsWith("_") || name.startsWith(".")) {
            return;
        }
        if (status.isDirectory()) {
            for (FileStatus child : fileSystem.listStatus(status.getPath())) {
                collect(fileSystem, child, format, files);
            }
        } else {
            files.add(new InputFile(
                    status.getPath().toString(),
                    status.getLen(),
                    status.getModificationTime(),
                    format.equals("auto") ? formatOf(name) : format));
        }
    }

    private static String formatOf(String name) {
        String bare = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|zst)$", "");
        if (bare.endsWith(".parquet")) {
            return "parquet";
        }
        return bare.endsWith(".jsonl") || bare.endsWith(".ndjson") ? "jsonl" : "lines";
    }

    boolean gzip() {
        return path.toLowerCase(Locale.ROOT).endsWith(".gz");
    }

    boolean zstd() {
        return path.toLowerCase(Locale.ROOT).endsWith(".zst");
    }

    /** Whether it can be read from its middle on: plain text in which every line is for itself. */
    boolean divisible() {
        return !gzip() && !zstd() && (format.equals("lines") || format.equals("jsonl"));
    }

    /** Bytes of its text, roughly. */
    long textBytes() {
        return gzip() || zstd() || format.equals("parquet") ? COMPRESSION * bytes : bytes;
    }

    /** Changes when a file is added, removed, or written again. */
    static String fingerprint(List<InputFile> files) {
        return Sha256.of(files.toString().getBytes(StandardCharsets.UTF_8));
    }
}
