package io.hashlayers.driver.prepare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.github.luben.zstd.ZstdInputStream;
import io.hashlayers.driver.prepare.LineReader.LineTooLongException;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one part of a text file, in order; empty ones are skipped.
 *
 * <p>Strict: a line that is not UTF-8, not JSON where JSON is asked for, or absurdly long ends the reading with a DATA error
 * that names the file and the line.
 */
final class DocumentReader implements Iterator<String>, Closeable {
    private static final int MOST_LINE_BYTES = 256 << 20;
    private static final String BYTE_ORDER_MARK = "\ufeff";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final InputRange range;
    private final String textField;
    private final long offset; // of the file where the lines begin to be counted
    private final LineReader lines;
    private @Nullable String next;

    /** @throws IOException if the file cannot be opened */
    DocumentReader(Configuration hadoop, InputRange range, String textField) throws IOException {
        this(hadoop, range, textField, MOST_LINE_BYTES);
    }

    DocumentReader(Configuration hadoop, InputRange range, String textField, int mostLineBytes) throws IOException {
        this.range = range;
        this.textField = textField;
        this.offset = Math.max(0, range.start() - 1);
        this.lines = new LineReader(open(hadoop, range.file(), offset), mostLineBytes);
        if (range.start() > 0) {
            guarded(this::lineThatBeganBefore);
        }
        this.next = read();
    }

    private static InputStream open(Configuration hadoop, InputFile file, long offset) throws IOException {
        Path path = new Path(file.path());
        FSDataInputStream raw = path.getFileSystem(hadoop).open(path);
        try {
            if (file.gzip()) {
                return new GZIPInputStream(raw, 1 << 16);
            }
            raw.seek(offset);
            return file.zstd() ? new ZstdInputStream(raw) : raw;
        } catch (IOException e) {
            raw.close();
            throw e;
        }
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public String next() {
        String document = next;
        if (document == null) {
            throw new NoSuchElementException();
        }
        next = read();
        return document;
    }

    private @Nullable String read() {
        String document = guarded(
                switch (range.file().format()) {
                    case "blank-line" -> this::paragraph;
                    case "jsonl" -> this::nonBlankText;
                    default -> this::nonBlankLine;
                });
        if (document == null) {
            close();
        }
        return document;
    }

    private interface Reading {
        @Nullable
        String next() throws IOException;
    }

    private @Nullable String guarded(Reading reading) {
        try {
            return reading.next();
        } catch (IOException | TrainingException e) {
            TrainingException failure = e instanceof TrainingException known ? known : translated((IOException) e);
            try {
                lines.close();
            } catch (IOException closing) {
                failure.addSuppressed(closing);
            }
            throw failure;
        }
    }

    private TrainingException translated(IOException e) {
        if (e instanceof CharacterCodingException) {
            return unusable("is not UTF-8 in " + place() + "; convert it, for example with iconv", e);
        }
        return e instanceof LineTooLongException
                ? unusable(place() + " is " + e.getMessage() + "; check prepare.format, or cut the text", e)
                : unusable("cannot be read after " + place() + ": " + e.getMessage() + "; is it damaged?", e);
    }

    private TrainingException unusable(String what, @Nullable Exception cause) {
        String message = range.file().path() + " " + what;
        return cause == null
                ? new TrainingException(Failure.DATA, message)
                : new TrainingException(Failure.DATA, message, cause);
    }

    private String place() {
        return range.place(lines.number(), offset + lines.start());
    }

    /** If the byte before the start ends a line, nothing but that byte is passed over. */
    private @Nullable String lineThatBeganBefore() throws IOException {
        lines.skip();
        return null;
    }

    private @Nullable String nonBlankText() throws IOException {
        String document;
        do {
            String line = nonBlankLine();
            document = line == null ? null : textOf(line);
        } while (document != null && document.isBlank());
        return document;
    }

    private @Nullable String nonBlankLine() throws IOException {
        String line = nextLine();
        while (line != null && line.isBlank()) {
            line = nextLine();
        }
        return line;
    }

    private @Nullable String paragraph() throws IOException {
        String line = nonBlankLine();
        if (line == null) {
            return null;
        }
        StringBuilder document = new StringBuilder(line);
        for (line = nextLine(); line != null && !line.isBlank(); line = nextLine()) {
            document.append('\n').append(line);
        }
        return document.toString();
    }

    private @Nullable String nextLine() throws IOException {
        if (offset + lines.nextStart() >= range.end()) {
            return null;
        }
        String line = lines.next();
        if (line == null || offset + lines.start() > 0 || !line.startsWith(BYTE_ORDER_MARK)) {
            return line;
        }
        return line.substring(BYTE_ORDER_MARK.length());
    }

    private String textOf(String json) {
        JsonNode text;
        try {
            text = JSON.readTree(json).get(textField);
        } catch (JsonProcessingException e) {
            throw unusable(place() + " is not JSON: " + e.getOriginalMessage(), e);
        }
        if (text == null || !text.isTextual()) {
            throw unusable(
                    place() + " has no text in its field \"" + textField + "\"; name the field with prepare.text-field",
                    null);
        }
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text.textValue())) {
            throw unusable(place() + " has half of a surrogate pair in its field \"" + textField + "\"", null);
        }
        return text.textValue();
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
