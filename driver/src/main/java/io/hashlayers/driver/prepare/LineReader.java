package io.hashlayers.driver.prepare;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Cuts bytes into lines at {@code \n} or {@code \r\n} and decodes each strictly as UTF-8, so that a mistake is known by its
 * very line. Counts lines from 1 and bytes from 0. Used by one thread.
 */
final class LineReader implements Closeable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final InputStream in;
    private final int mostBytes;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int from; // bytes of the buffer that were not given yet: [from, to)
    private int to;
    private byte[] line = new byte[1 << 10];
    private int length;
    private long number;
    private long start;
    private long next;

    /** A line that no text has: most likely the file is of another format. */
    static final class LineTooLongException extends IOException {
        LineTooLongException(String message) {
            super(message);
        }
    }

    /** @param mostBytes a longer line is refused before it fills the memory */
    LineReader(InputStream in, int mostBytes) {
        this.in = in;
        this.mostBytes = mostBytes;
    }

    /**
     * The next line without its end, or null after the last.
     *
     * @throws CharacterCodingException if it is not UTF-8
     * @throws LineTooLongException if it is longer than allowed
     */
    @Nullable
    String next() throws IOException {
        if (!fetch()) {
            return null;
        }
        return decoder.decode(ByteBuffer.wrap(line, 0, length)).toString();
    }

    /** Passes over the next line, whatever it holds; it counts as none. */
    void skip() throws IOException {
        if (fetch()) {
            number--;
        }
    }

    /** Number of the line that was read last, whole or not, from 1. */
    long number() {
        return number;
    }

    /** Offset of the first byte of that line. */
    long start() {
        return start;
    }

    /** Offset of the first byte after that line and its end. */
    long nextStart() {
        return next;
    }

    private boolean fetch() throws IOException {
        length = 0;
        start = next;
        if (from == to && !fill()) {
            return false;
        }
        number++;
        do {
            int end = from;
            while (end < to && buffer[end] != '\n') {
                end++;
            }
            append(end - from);
            if (end < to) {
                from = end + 1;
                next++;
                if (length > 0 && line[length - 1] == '\r') {
                    length--;
                }
                return true;
            }
            from = to;
        } while (fill());
        return true;
    }

    private void append(int bytes) throws IOException {
        next += bytes;
        if (bytes > mostBytes - length) {
            throw new LineTooLongException("longer than " + mostBytes + " bytes");
        }
        if (length + bytes > line.length) {
            line = Arrays.copyOf(line, (int) Math.min(mostBytes, Math.max(2L * line.length, length + bytes)));
        }
        System.arraycopy(buffer, from, line, length, bytes);
        length += bytes;
    }

    private boolean fill() throws IOException {
        from = 0;
        to = Math.max(0, in.read(buffer));
        return to > 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
