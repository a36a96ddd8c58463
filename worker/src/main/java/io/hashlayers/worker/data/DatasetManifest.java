package io.hashlayers.worker.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.StorageFailure;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What a dataset folder holds: {@code manifest.json}, written last, so a folder with a manifest is whole.
 *
 * @param formatVersion {@link #FORMAT_VERSION}
 * @param tokenizerDigest of {@code tokenizer.json}
 * @param vocabularySize {@code V}; every token id is below it
 * @param endOfText the token that ends each document
 * @param splits by name: train, valid, test
 * @param settings what the dataset was made from and how; for people and for {@code prepare} to know its own work
 * @param documents in all splits
 */
public record DatasetManifest(
        int formatVersion,
        String tokenizerDigest,
        int vocabularySize,
        int endOfText,
        Map<String, SplitInfo> splits,
        Map<String, String> settings,
        long documents)
        implements Serializable {
    public static final int FORMAT_VERSION = 1;

    /** Far above any real manifest; a foreign file of gigabytes is not read into memory. */
    private static final long MAX_BYTES = 64L << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    public DatasetManifest {
        Sha256.requireForm("tokenizerDigest", tokenizerDigest);
        if (vocabularySize < 1) {
            throw new IllegalArgumentException("vocabularySize is " + vocabularySize + ", less than 1");
        }
        if (endOfText < 0 || endOfText >= vocabularySize) {
            throw new IllegalArgumentException(
                    "endOfText is " + endOfText + ", outside the vocabulary of " + vocabularySize);
        }
        splits = Collections.unmodifiableSortedMap(new TreeMap<>(splits));
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        long inSplits = splits.values().stream().mapToLong(SplitInfo::documents).sum();
        if (inSplits != documents) {
            throw new IllegalArgumentException("documents is " + documents + " but the splits hold " + inSplits);
        }
        requireShardSizes(splits, TokenWidth.of(vocabularySize));
    }

    private static void requireShardSizes(Map<String, SplitInfo> splits, TokenWidth width) {
        for (SplitInfo split : splits.values()) {
            for (SplitInfo.Shard shard : split.shards()) {
                if (shard.bytes() != Math.multiplyExact(shard.tokens(), (long) width.bytes())) {
                    throw new IllegalArgumentException(shard.file() + " has " + shard.tokens() + " tokens of "
                            + width.bytes() + " bytes but its size is " + shard.bytes());
                }
            }
        }
    }

    /** Whether the folder holds a whole dataset. */
    public static boolean exists(Configuration hadoop, Path dir) throws IOException {
        return DatasetFiles.fileSystem(hadoop, dir).exists(new Path(dir, DatasetFiles.MANIFEST));
    }

    /**
     * Reads {@code dir/manifest.json}.
     *
     * @throws TrainingException of kind {@code DATA} that names the file: it is missing, not JSON, lacks or adds a field,
     *     has another format version, or its numbers contradict each other
     */
    public static DatasetManifest read(Configuration hadoop, Path dir) {
        Path file = new Path(dir, DatasetFiles.MANIFEST);
        try {
            return parse(content(DatasetFiles.fileSystem(hadoop, dir), file), file);
        } catch (FileNotFoundException e) {
            throw new TrainingException(
                    Failure.DATA,
                    file + " does not exist; prepare the dataset first (hashlayers prepare) or name another folder",
                    e);
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    file + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    private static byte[] content(FileSystem fileSystem, Path file) throws IOException {
        long length = fileSystem.getFileStatus(file).getLen();
        if (length > MAX_BYTES) {
            throw unusable(file, "it has " + length + " bytes, more than any manifest of ours");
        }
        try (FSDataInputStream in = fileSystem.open(file)) {
            byte[] bytes = new byte[(int) length];
            in.readFully(0, bytes);
            return bytes;
        }
    }

    private static DatasetManifest parse(byte[] content, Path file) throws IOException {
        try {
            var version = JSON.readTree(content).path("formatVersion");
            if (!version.isInt() || version.intValue() != FORMAT_VERSION) {
                throw unusable(
                        file,
                        "its formatVersion is " + (version.isMissingNode() ? "missing" : version)
                                + ", this program reads " + FORMAT_VERSION);
            }
            return JSON.readValue(content, DatasetManifest.class);
        } catch (JsonProcessingException e) {
            throw new TrainingException(Failure.DATA, unusableMessage(file, explain(e)), e);
        }
    }

    /** What is wrong, and in which field if that is known. */
    private static String explain(JsonProcessingException e) {
        String field = e instanceof JsonMappingException mapping
                ? mapping.getPath().stream()
                        .map(JsonMappingException.Reference::getFieldName)
                        .filter(Objects::nonNull) // an element of a list has none
                        .collect(Collectors.joining("."))
                : "";
        return field.isEmpty() ? e.getOriginalMessage() : field + ": " + e.getOriginalMessage();
    }

    private static TrainingException unusable(Path file, String why) {
        return new TrainingException(Failure.DATA, unusableMessage(file, why));
    }

    private static String unusableMessage(Path file, String why) {
        return file + " is not a usable dataset manifest: " + why + "; prepare the dataset again";
    }

    /** Writes {@code dir/manifest.json}, which appears whole. */
    public void write(Configuration hadoop, Path dir) throws IOException {
        Folder.of(hadoop, dir.toString())
                .write(DatasetFiles.MANIFEST, (JSON.writeValueAsString(this) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Names the contents: tokenizer, sizes and checksums of all shards. Where the text lay and how it was prepared is not
     * part of it, so equal tokens have equal digests.
     */
    public String digest() {
        var content = new StringBuilder()
                .append(formatVersion)
                .append('\n')
                .append(tokenizerDigest)
                .append('\n')
                .append(vocabularySize)
                .append(' ')
                .append(endOfText)
                .append('\n');
        splits.forEach(
                (name, split) -> content.append(name).append(' ').append(split).append('\n'));
        return Sha256.of(content.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A split by name.
     *
     * @throws TrainingException of kind {@code USER} that names the splits there are
     */
    public SplitInfo split(String name) {
        return split(name, "the dataset");
    }

    /** @param where the dataset is, for the message */
    SplitInfo split(String name, String where) {
        SplitInfo split = splits.get(name);
        if (split == null) {
            throw new TrainingException(
                    Failure.USER, where + " has no split '" + name + "'; choose one of " + splits.keySet());
        }
        return split;
    }
}
