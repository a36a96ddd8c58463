package io.hashlayers.driver.prepare;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.driver.prepare.BpeTrainer.Dictionary;
import java.nio.charset.StandardCharsets;

/** Writes a byte-level BPE dictionary as a Hugging Face {@code tokenizer.json}. */
final class TokenizerJson {
    static final String END_OF_TEXT = "<|endoftext|>";

    private static final ObjectMapper JSON = new ObjectMapper();

    private TokenizerJson() {}

    /** The file's bytes. */
    static byte[] of(Dictionary dictionary) {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation");
        root.putNull("padding");
        root.putArray("added_tokens")
                .addObject()
                .put("id", 0)
                .put("content", END_OF_TEXT)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        root.putNull("normalizer");
        root.set("pre_tokenizer", byteLevel());
        root.putNull("post_processor");
        root.set("decoder", byteLevel());
        root.set("model", model(dictionary));
        return root.toPrettyString().getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode byteLevel() {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    private static ObjectNode model(Dictionary dictionary) {
        ObjectNode model = JSON.createObjectNode().put("type", "BPE");
        model.putNull("dropout");
        model.putNull("unk_token");
        model.putNull("continuing_subword_prefix");
        model.putNull("end_of_word_suffix");
        model.put("fuse_unk", false).put("byte_fallback", false).put("ignore_merges", false);
        ObjectNode vocabulary = model.putObject("vocab");
        for (int id = 0; id < dictionary.tokens().size(); id++) {
            vocabulary.put(dictionary.tokens().get(id), id);
        }
        ArrayNode written = JSON.createArrayNode();
        dictionary.merges().forEach(written::add);
        model.set("merges", written);
        return model;
    }
}
