package io.hashlayers.driver.prepare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdInputStream;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.jspecify.annotations.Nullable;

/**
 * The documents of one text file, in order; empty ones are skipped.
 *
 * <p>Strict: bytes that are not UTF-8 and lines that are not JSON end the reading with a DATA error that names the file and
 * the line.
 */
final class DocumentReader implements Iterator<String>, Closeable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final InputFile file;
    private final String textField;
    private final BufferedReader reader;
    private long line;
    private @Nullable String next;

    DocumentReader(Configuration hadoop, InputFile file, String textField) throws IOException {
        this.file = file;
        this.textField = textField;
        this.reader = new BufferedReader(
                new InputStreamReader(
                        open(hadoop, file),
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPORT)
                                .onUnmappableCharacter(CodingErrorAction.REPORT)),
                1 << 16);
        this.next = read();
    }

    private static InputStream open(Configuration hadoop, InputFile file) throws IOException {
        Path path = new Path(file.path());
        InputStream raw = path.getFileSystem(hadoop).open(path);
        if (file.gzip()) {
            return new GZIPInputStream(raw, 1 << 16);
        }
        return file.zstd() ? new ZstdInputStream(raw) : raw;
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
        try {
            String document = file.format().equals("blank-line") ? paragraph() : nonBlankLine();
            if (document == null) {
                reader.close();
                return null;
            }
            return file.format().equals("jsonl") ? textOf(document) : document;
        } catch (CharacterCodingException e) {
            throw new TrainingException(
                    Failure.DATA,
                    file.path() + " is not UTF-8 near line " + (line + 1) + "; convert it, for example with iconv",
                    e);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, file.path() + " cannot be read near line " + (line + 1) + ": " + e.getMessage(), e);
        }
    }

    private @Nullable String nonBlankLine() throws IOException {
        String text = nextLine();
        while (text != null && text.isBlank()) {
            text = nextLine();
        }
        return text;
    }

    private @Nullable String paragraph() throws IOException {
        String text = nonBlankLine();
        if (text == null) {
            return null;
        }
        StringBuilder document = new StringBuilder(text);
        for (text = nextLine(); text != null && !text.isBlank(); text = nextLine()) {
            document.append('\n').append(text);
        }
        return document.toString();
    }

    private @Nullable String nextLine() throws IOException {
        String text = reader.readLine();
        line += text == null ? 0 : 1;
        return text;
    }

    private String textOf(String json) {
        try {
            JsonNode text = JSON.readTree(json).get(textField);
            if (text == null || !text.isTextual()) {
                throw new TrainingException(
                        Failure.DATA,
                        file.path() + " line " + line + " has no text in its field \"" + textField
                                + "\"; name the field with prepare.text-field");
            }
            return text.textValue();
        } catch (JsonProcessingException e) {
            throw new TrainingException(
                    Failure.DATA, file.path() + " line " + line + " is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
