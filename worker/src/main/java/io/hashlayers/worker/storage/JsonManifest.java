package io.hashlayers.worker.storage;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A record as a JSON file that vouches for itself.
 *
 * <pre>
 * file = { "formatVersion": 1, field..., "digest": "sha256:HEX" }
 * </pre>
 *
 * <p>The digest is of all other fields, in their order and written without white space. A file that was changed, or that has
 * a field too many or too few, is refused.
 *
 * @param <T> a record whose first component is {@code int formatVersion}
 */
public final class JsonManifest<T extends Record> {
    private static final int MAX_BYTES = 256 << 20;
    private static final String DIGEST = "digest";

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .build();

    private final Class<T> type;
    private final int formatVersion;
    private final String what;

    /**
     * @param what for messages, such as {@code "checkpoint manifest"}
     */
    public JsonManifest(Class<T> type, int formatVersion, String what) {
        this.type = type;
        this.formatVersion = formatVersion;
        this.what = what;
    }

    /** Writes the file whole, or not at all. */
    public void write(Folder folder, String name, T content) throws IOException {
        ObjectNode tree = JSON.valueToTree(content);
        tree.put(DIGEST, digest(tree));
        folder.write(
                name, JSON.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsBytes(tree));
    }

    /** The digest that a file of this content has: {@code sha256:HEX}. */
    public String digest(T content) {
        try {
            return digest(JSON.<ObjectNode>valueToTree(content));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a " + what + " cannot be written as JSON", e);
        }
    }

    /**
     * Reads and checks the file.
     *
     * @throws TrainingException of kind {@code DATA} that names the file if it is missing, unreadable, damaged, of another
     *     version or contradicts itself
     */
    public T read(Folder folder, String name) {
        String file = folder.path(name).toString();
        try {
            return parse(folder.read(name, MAX_BYTES), file);
        } catch (FileNotFoundException e) {
            throw new TrainingException(Failure.DATA, file + " does not exist; name a folder that has one", e);
        } catch (IOException e) {
            throw new TrainingException(
                    StorageFailure.kind(e),
                    file + " cannot be read: " + e.getMessage() + "; check the storage and its rights",
                    e);
        }
    }

    private T parse(byte[] content, String file) {
        try {
            if (!(JSON.readTree(content) instanceof ObjectNode tree)) {
                throw unusable(file, "it is not a JSON object", null);
            }
            JsonNode version = tree.path("formatVersion");
            if (!version.isInt() || version.intValue() != formatVersion) {
                throw unusable(
                        file,
                        "its formatVersion is %s, this program reads %d"
                                .formatted(version.isMissingNode() ? "missing" : version, formatVersion),
                        null);
            }
            JsonNode claimed = tree.remove(DIGEST);
            if (claimed == null || !digest(tree).equals(claimed.textValue())) {
                throw unusable(file, "its digest is not that of its content, so it was changed", null);
            }
            return JSON.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw unusable(file, e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw unusable(file, String.valueOf(e.getMessage()), e);
        }
    }

    private TrainingException unusable(String file, String why, @Nullable Throwable cause) {
        String message = file + " is not a usable " + what + ": " + why + "; restore it from where it came";
        return cause == null
                ? new TrainingException(Failure.DATA, message)
                : new TrainingException(Failure.DATA, message, cause);
    }

    private static String digest(ObjectNode tree) throws JsonProcessingException {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(JSON.writeValueAsBytes(tree));
            return "sha256:" + HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
