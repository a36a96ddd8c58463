package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;

/**
 * The form of what a peer sends to authenticate itself, by Spark's AES protocol or by SASL. Spark reads it into arrays of the
 * lengths that are written in it, before it knows the peer; so they are compared with the message first.
 *
 * <pre>
 * message = 0xFB, application : string, salt : string, ciphertext : string       of AES
 *         | 0xEA, application : string, length : u32, rest of the message        of SASL
 * string  = length : u32, bytes                                                   big-endian
 * </pre>
 */
final class Handshake {
    private static final byte AES = (byte) 0xFB;
    private static final byte SASL = (byte) 0xEA;

    private Handshake() {}

    /** Whether the message has that form; it is left as it was. */
    static boolean isFormOf(ByteBuffer message) {
        ByteBuffer rest = message.slice();
        if (!rest.hasRemaining()) {
            return false;
        }
        return switch (rest.get()) {
            case AES -> skipStrings(rest, 3) && !rest.hasRemaining();
            case SASL -> skipStrings(rest, 1) && rest.remaining() >= Integer.BYTES;
            default -> false;
        };
    }

    private static boolean skipStrings(ByteBuffer rest, int count) {
        for (int i = 0; i < count; i++) {
            int length = rest.remaining() < Integer.BYTES ? -1 : rest.getInt();
            if (length < 0 || length > rest.remaining()) {
                return false;
            }
            rest.position(rest.position() + length);
        }
        return true;
    }
}
