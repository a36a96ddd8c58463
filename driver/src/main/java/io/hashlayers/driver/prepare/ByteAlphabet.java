package io.hashlayers.driver.prepare;

import java.nio.charset.StandardCharsets;

/**
 * GPT-2's printable stand-ins for the 256 bytes, by which byte-level dictionaries are written: printable Latin-1 characters
 * stand for themselves, the others for 256 and up, in order.
 */
final class ByteAlphabet {
    private static final char[] CHARACTER = new char[256];

    static {
        char next = 256;
        for (int value = 0; value < 256; value++) {
            boolean printable = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
            CHARACTER[value] = printable ? (char) value : next++;
        }
    }

    private ByteAlphabet() {}

    /** The character that stands for a byte, given as 0 to 255. */
    static char characterOf(int value) {
        return CHARACTER[value];
    }

    /** The UTF-8 bytes of a text, written in stand-ins. */
    static String write(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        StringBuilder written = new StringBuilder(bytes.length);
        for (byte value : bytes) {
            written.append(CHARACTER[value & 0xFF]);
        }
        return written.toString();
    }
}
