package io.hashlayers.driver.prepare;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.storage.FileSystems;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * A dictionary as {@code tokenizer.json} describes it, run by the Hugging Face tokenizers library.
 *
 * <p>No special tokens are added, nothing is cut or padded. Used by one thread at a time.
 */
public final class TextTokenizer implements AutoCloseable {
    private static final List<String> ENDS = List.of(TokenizerJson.END_OF_TEXT, "</s>", "<eos>", "<|end_of_text|>");
    private static final long MOST_BYTES = 256L << 20;

    /** Sixty times the largest that is in use; arrays of this length are made before a text is read. */
    private static final int MOST_TOKENS = 1 << 24;

    private final String name;
    private final HuggingFaceTokenizer tokenizer;
    private final int vocabularySize;
    private final int endOfText;
    private final String endOfTextName;
    private final String digest;
    private final Optional<PieceByPiece> pieces;

    private TextTokenizer(byte[] json, String name) {
        this.name = name;
        System.setProperty("ai.djl.offline", "true"); // the library must not look for anything outside
        System.setProperty("OPT_OUT_TRACKING", "true");
        try {
            JsonNode root = new ObjectMapper().readTree(json);
            this.vocabularySize = vocabularySize(root, name);
            JsonNode end = endOfText(root, name);
            this.endOfText = id(end.path("id"), name);
            this.endOfTextName = end.path("content").asText();
            this.digest = Sha256.of(json);
            this.tokenizer = HuggingFaceTokenizer.newInstance(
                    new ByteArrayInputStream(json),
                    Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
            this.pieces =
                    PieceByPiece.allowedBy(root) ? Optional.of(new PieceByPiece(this::encodeWhole)) : Optional.empty();
            requireNumberOfEnd();
        } catch (TrainingException e) {
            throw e;
        } catch (IOException | RuntimeException e) { // the library throws what its native part tells it to
            throw new TrainingException(
                    Failure.DATA, name + " is no tokenizer.json that can be used: " + e.getMessage(), e);
        }
    }

    /** The library gives tokens other numbers than the file where the file contradicts itself. */
    private void requireNumberOfEnd() {
        int[] given = encodeWhole(endOfTextName);
        if (given.length != 1 || given[0] != endOfText) {
            tokenizer.close();
            throw new TrainingException(
                    Failure.DATA,
                    "%s is no tokenizer.json that can be used: its end-of-text token %s has the number %d, but is encoded as %s"
                            .formatted(name, endOfTextName, endOfText, Arrays.toString(given)));
        }
    }

    /** Loads the tokenizer of a dataset. */
    public static TextTokenizer load(Configuration hadoop, String datasetDir) {
        String file = datasetDir + "/" + DatasetFiles.TOKENIZER;
        return of(read(hadoop, file), file);
    }

    static TextTokenizer of(byte[] json) {
        return of(json, DatasetFiles.TOKENIZER);
    }

    /** @param name of the file, for messages */
    static TextTokenizer of(byte[] json, String name) {
        return new TextTokenizer(json, name);
    }

    static byte[] read(Configuration hadoop, String file) {
        Path path = new Path(file);
        FileSystems.requireNoPassword(path);
        try {
            long length = path.getFileSystem(hadoop).getFileStatus(path).getLen();
            if (length > MOST_BYTES) {
                throw new TrainingException(
                        Failure.DATA, file + " has " + length + " bytes; that is no tokenizer.json");
            }
            byte[] json = new byte[(int) length];
            try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
                in.readFully(0, json);
            }
            return json;
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, "the tokenizer " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static int vocabularySize(JsonNode root, String name) {
        JsonNode vocabulary = root.path("model").path("vocab");
        int largest = vocabulary.size() - 1; // of a list, the numbers are the places
        if (vocabulary.isObject()) {
            for (JsonNode id : vocabulary) {
                largest = Math.max(largest, id(id, name));
            }
        }
        for (JsonNode token : root.path("added_tokens")) {
            largest = Math.max(largest, id(token.path("id"), name));
        }
        return largest + 1;
    }

    private static int id(JsonNode node, String name) {
        if (!node.isInt() || node.intValue() < 0 || node.intValue() >= MOST_TOKENS) {
            throw new TrainingException(
                    Failure.DATA,
                    "%s is no tokenizer.json that can be used: a token has the number '%s', where whole ones from 0 to %d are possible"
                            .formatted(name, node, MOST_TOKENS - 1));
        }
        return node.intValue();
    }

    private static JsonNode endOfText(JsonNode root, String name) {
        for (String end : ENDS) {
            for (JsonNode token : root.path("added_tokens")) {
                if (token.path("content").asText().equals(end)) {
                    return token;
                }
            }
        }
        throw new TrainingException(
                Failure.DATA, name + " has no end-of-text token among its added tokens; one of " + ENDS + " is needed");
    }

    /**
     * Token ids of a text. What looks like the end-of-text token is text: no document can end another one early.
     */
    public int[] encode(String text) {
        int end = text.indexOf(endOfTextName);
        if (end < 0 && pieces.isPresent() && PreTokens.certain(text)) {
            return pieces.get().encode(text);
        }
        if (end < 0 || endOfTextName.length() < 2) {
            return encodeWhole(text);
        }
        IntStream.Builder ids = IntStream.builder();
        int from = 0;
        for (; end >= 0; end = text.indexOf(endOfTextName, from)) {
            IntStream.of(encodeWhole(text.substring(from, end + 1))).forEach(ids); // cut within, it is not recognized
            from = end + 1;
        }
        IntStream.of(encodeWhole(text.substring(from))).forEach(ids);
        return ids.build().toArray();
    }

    /** By the library's native functions: its Java classes would fetch text, offsets and masks of every token, too. */
    private int[] encodeWhole(String text) {
        TokenizersLibrary library = TokenizersLibrary.LIB;
        long encoding;
        try {
            encoding = library.encode(tokenizer.getHandle(), text, false);
        } catch (RuntimeException e) { // the library throws what its native part tells it to
            throw new TrainingException(Failure.DATA, name + " cannot encode a text: " + e.getMessage(), e);
        }
        try {
            long[] ids = library.getTokenIds(encoding);
            int[] tokens = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                if (ids[i] >= vocabularySize) {
                    throw new TrainingException(
                            Failure.DATA,
                            "%s encodes a text with the token %d, but the numbers in it end at %d"
                                    .formatted(name, ids[i], vocabularySize - 1));
                }
                tokens[i] = (int) ids[i];
            }
            return tokens;
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    /** The text of token ids, without special tokens. */
    public String decode(int[] tokens) {
        long[] ids = new long[tokens.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = tokens[i];
        }
        try {
            return tokenizer.decode(ids, true);
        } catch (RuntimeException e) {
            throw new TrainingException(Failure.DATA, name + " cannot decode tokens: " + e.getMessage(), e);
        }
    }

    /** {@code V}. */
    public int vocabularySize() {
        return vocabularySize;
    }

    /** Id of the token that ends a document. */
    public int endOfText() {
        return endOfText;
    }

    /** {@code sha256:...} of the file. */
    public String digest() {
        return digest;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
