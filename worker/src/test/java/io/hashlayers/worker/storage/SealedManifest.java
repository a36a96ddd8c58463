package io.hashlayers.worker.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Gives a changed manifest the digest of what it says now, as someone would who changes it on purpose. */
public final class SealedManifest {
    private static final JsonMapper JSON = new JsonMapper();

    private SealedManifest() {}

    /** The manifest with its own digest; as it was if it is not JSON. */
    public static byte[] seal(byte[] manifest) {
        try {
            JsonNode tree = JSON.readTree(manifest);
            if (tree instanceof ObjectNode object) {
                object.remove("digest");
                byte[] hash = MessageDigest.getInstance("SHA-256").digest(JSON.writeValueAsBytes(object));
                object.put("digest", "sha256:" + HexFormat.of().formatHex(hash));
                return JSON.writeValueAsBytes(object);
            }
            return manifest;
        } catch (IOException e) {
            return manifest;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
