package io.hashlayers.worker.data;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The checksums and digests of a dataset, written as {@code sha256:} and 64 hexadecimal digits. */
public final class Sha256 {
    private static final String PREFIX = "sha256:";
    private static final Pattern FORM = Pattern.compile(PREFIX + "[0-9a-f]{64}");

    private final MessageDigest digest;

    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The digest of one array. */
    public static String of(byte[] bytes) {
        var sha256 = new Sha256();
        sha256.update(bytes, 0, bytes.length);
        return sha256.finish();
    }

    public void update(byte[] bytes, int offset, int length) {
        digest.update(bytes, offset, length);
    }

    /** The digest of everything so far; starts anew. */
    public String finish() {
        return PREFIX + HexFormat.of().formatHex(digest.digest());
    }

    static void requireForm(String name, String value) {
        if (!FORM.matcher(value).matches()) {
            throw new IllegalArgumentException(
                    name + " is '" + value + "', not 'sha256:' and 64 lower-case hexadecimal digits");
        }
    }
}
