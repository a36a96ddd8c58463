package io.hashlayers.sharding;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * SHA-256 over integers, each taken as four little-endian bytes, in the form {@code "sha256:<64 hex digits>"}.
 *
 * <p>Equal digests mean equal contents on every machine: nothing of the JVM or the platform enters. Not thread-safe.
 */
public final class ContentDigest {
    private static final int CHUNK = 4096; // integers hashed at once

    private final MessageDigest sha256 = newSha256();
    private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /** Adds integers in order; says nothing of how many there are, so callers add sizes first. */
    public ContentDigest add(int... values) {
        for (int start = 0; start < values.length; start += CHUNK) {
            int count = Math.min(CHUNK, values.length - start);
            buffer.clear();
            buffer.asIntBuffer().put(values, start, count);
            buffer.limit(count * Integer.BYTES);
            sha256.update(buffer);
        }
        return this;
    }

    /** Returns the digest and starts anew. */
    public String finish() {
        return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    }

    private static MessageDigest newSha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
