package io.hashlayers.driver.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Encodes the pieces of a text ({@link PreTokens}) each for itself and remembers their tokens, since most words come again
 * and again; those that do not are forgotten when too many others came. Gives what encoding the text as a whole gives, if {@link #allowedBy} says so. Used by one thread at a time.
 */
final class PieceByPiece {
    private static final int MOST_PIECES = 1 << 18; // some 35 MB
    private static final int LONGEST_CHARS = 64;

    private final Function<String, int[]> encoder;
    private final int mostPieces;
    private Map<String, int[]> recent = new HashMap<>();
    private Map<String, int[]> earlier = new HashMap<>();
    private int[] tokens = new int[1 << 10]; // of the text that is encoded, in [0, size)
    private int size;

    /** @param encoder of a single piece */
    PieceByPiece(Function<String, int[]> encoder) {
        this(encoder, MOST_PIECES);
    }

    /** @param mostPieces that are remembered */
    PieceByPiece(Function<String, int[]> encoder, int mostPieces) {
        this.encoder = encoder;
        this.mostPieces = mostPieces;
    }

    /**
     * Whether a tokenizer cuts text at the borders of pieces before anything else, except for its end-of-text token, and
     * chooses the tokens of each piece by the piece alone.
     */
    static boolean allowedBy(JsonNode tokenizerJson) {
        JsonNode cut = tokenizerJson.path("pre_tokenizer");
        JsonNode model = tokenizerJson.path("model");
        String after = tokenizerJson.path("post_processor").path("type").asText("ByteLevel");
        return isAbsent(tokenizerJson.path("normalizer"))
                && cut.path("type").asText().equals("ByteLevel")
                && !cut.path("add_prefix_space").asBoolean(true)
                && cut.path("use_regex").asBoolean(true)
                && after.equals("ByteLevel")
                && model.path("type").asText().equals("BPE")
                && isAbsent(model.path("dropout"))
                && tokenizerJson.path("added_tokens").size() == 1;
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    int[] encode(String text) {
        size = 0;
        for (int start = 0, end; start < text.length(); start = end) {
            end = PreTokens.end(text, start);
            add(tokensOf(text.substring(start, end)));
        }
        return Arrays.copyOf(tokens, size);
    }

    private int[] tokensOf(String piece) {
        if (piece.length() > LONGEST_CHARS) {
            return encoder.apply(piece);
        }
        int @Nullable [] remembered = recent.get(piece);
        if (remembered != null) {
            return remembered;
        }
        int @Nullable [] brought = earlier.get(piece);
        int[] ids = brought == null ? encoder.apply(piece) : brought;
        if (2 * recent.size() >= mostPieces) {
            earlier = recent;
            recent = new HashMap<>();
        }
        recent.put(piece, ids);
        return ids;
    }

    private void add(int[] piece) {
        if (piece.length > tokens.length - size) {
            tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, size + piece.length));
        }
        if (piece.length == 1) { // as most have
            tokens[size++] = piece[0];
        } else {
            System.arraycopy(piece, 0, tokens, size, piece.length);
            size += piece.length;
        }
    }
}
