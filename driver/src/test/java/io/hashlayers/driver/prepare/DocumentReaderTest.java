package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentReaderTest {
    private static final Configuration HADOOP = new Configuration();

    @TempDir
    private Path folder;

    @Test
    void aLineIsADocumentUnlessItIsBlank() throws IOException {
        assertThat(read("a.txt", "one\n\n \t\r\ntwo words\r\nthree", "lines"))
                .containsExactly("one", "two words", "three");
    }

    @Test
    void blankLinesPartDocumentsOfSeveralLines() throws IOException {
        assertThat(read("a.txt", "\n\none\nmore\r\n\n \ntwo\n", "blank-line")).containsExactly("one\nmore", "two");
    }

    @Test
    void aFieldOfEachJsonLineIsADocumentUnlessItIsBlank() throws IOException {
        assertThat(read(
                        "a.jsonl",
                        "{\"n\":1,\"text\":\"one\\ntwo\"}\n\n{\"text\":\" \"}\n{\"text\":\"\\u00e9\"}\n",
                        "jsonl"))
                .containsExactly("one\ntwo", "\u00e9");
    }

    @Test
    void aByteOrderMarkIsNoText() throws IOException {
        assertThat(read("a.txt", "\ufeffone\n\ufefftwo\n", "lines")).containsExactly("one", "\ufefftwo");
        assertThat(read("a.jsonl", "\ufeff{\"text\":\"one\"}", "jsonl")).containsExactly("one");
    }

    @Test
    void compressedFilesHoldTheSameDocuments() throws IOException {
        String text = "one\ntwo\n".repeat(10_000);
        List<String> expected = read("a.txt", text, "lines");
        try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.txt.gz")));
                OutputStream zstd = new ZstdOutputStream(Files.newOutputStream(folder.resolve("a.txt.zst")))) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
            zstd.write(text.getBytes(StandardCharsets.UTF_8));
        }

        assertThat(read("a.txt.gz", "lines")).isEqualTo(expected).hasSize(20_000);
        assertThat(read("a.txt.zst", "lines")).isEqualTo(expected);
    }

    @RandomSeeds(40)
    void rangesOfAFileHoldItsDocumentsOnceAndInOrder(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(1, 30); i > 0; i--) {
            text.append("\u20ac".repeat(random.nextInt(12))).append(random.nextBoolean() ? "\n" : "\r\n");
        }
        String content = text.append(random.nextBoolean() ? "end" : "").toString();
        List<String> expected = read("a.txt", content, "lines");

        List<String> documents = new ArrayList<>();
        for (InputRange range : InputRange.of(List.of(file("a.txt", "lines")), random.nextLong(1, 40))) {
            new DocumentReader(HADOOP, range, "text").forEachRemaining(documents::add);
        }

        assertThat(documents).isEqualTo(expected);
    }

    @Test
    void onlyPlainFilesOfLinesAreCut() throws IOException {
        Files.writeString(folder.resolve("a"), "x".repeat(100));

        for (String format : List.of("lines", "jsonl")) {
            assertThat(InputRange.of(List.of(file("a", format)), 40))
                    .as(format)
                    .extracting(InputRange::start)
                    .containsExactly(0L, 40L, 80L);
        }
        for (InputFile whole : List.of(
                file("a", "blank-line"),
                file("a", "parquet"),
                new InputFile("a.gz", 100, 0, "lines"),
                new InputFile("a.zst", 100, 0, "jsonl"))) {
            assertThat(InputRange.of(List.of(whole), 40)).as(whole.toString()).hasSize(1);
        }
    }

    @Test
    void whatIsNotUtf8IsNamedByItsLine() throws IOException {
        Files.write(folder.resolve("a.txt"), "one\n\ntwo\nthr\u00e9e\nfour".getBytes(StandardCharsets.ISO_8859_1));

        assertRefused(range("a.txt", "lines", 0), "a.txt is not UTF-8 in line 4; convert it");
        assertRefused(
                range("a.txt", "lines", 2),
                "a.txt is not UTF-8 in line 3 after byte 2 (the line at byte 9); convert it");
    }

    @Test
    void aBadJsonLineIsNamed() throws IOException {
        Files.writeString(folder.resolve("a"), "{\"text\":\"good\"}\n{\"text\":\"bad\n");
        assertRefused(range("a", "jsonl", 0), "a line 2 is not JSON: ");

        Files.writeString(folder.resolve("a"), "\n{\"text\":\"good\"} 7");
        assertRefused(range("a", "jsonl", 0), "a line 2 is not JSON: ");

        Files.writeString(folder.resolve("a"), "{\"body\":\"good\"}");
        assertRefused(range("a", "jsonl", 0), "a line 1 has no text in its field \"text\"; name the field with");

        Files.writeString(folder.resolve("a"), "{\"text\":\"\\ud83d\"}");
        assertRefused(range("a", "jsonl", 0), "a line 1 has half of a surrogate pair in its field \"text\"");
    }

    @Test
    void anEndlessLineIsRefused() throws IOException {
        Files.writeString(folder.resolve("a"), "good\n" + "x".repeat(1001));

        assertThatThrownBy(() -> new DocumentReader(HADOOP, range("a", "lines", 0), "text", 1000)
                        .forEachRemaining(document -> {}))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("a line 2 is longer than 1000 bytes; check prepare.format")
                .extracting(failure -> ((TrainingException) failure).failure())
                .isEqualTo(Failure.DATA);
    }

    @Test
    void aTruncatedArchiveIsRefused() throws IOException {
        try (OutputStream gzip = new GZIPOutputStream(Files.newOutputStream(folder.resolve("a.gz")))) {
            gzip.write("text\n".repeat(1000).getBytes(StandardCharsets.UTF_8));
        }
        byte[] whole = Files.readAllBytes(folder.resolve("a.gz"));
        Files.write(folder.resolve("a.gz"), Arrays.copyOf(whole, whole.length - 9));

        assertRefused(range("a.gz", "lines", 0), "a.gz cannot be read after line ");
    }

    private void assertRefused(InputRange range, String sentence) {
        assertThatThrownBy(() -> new DocumentReader(HADOOP, range, "text").forEachRemaining(document -> {}))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(sentence)
                .extracting(failure -> ((TrainingException) failure).failure())
                .isEqualTo(Failure.DATA);
    }

    private List<String> read(String name, String content, String format) throws IOException {
        Files.writeString(folder.resolve(name), content);
        return read(name, format);
    }

    private List<String> read(String name, String format) throws IOException {
        List<String> documents = new ArrayList<>();
        new DocumentReader(HADOOP, range(name, format, 0), "text").forEachRemaining(documents::add);
        return documents;
    }

    private InputRange range(String name, String format, long start) throws IOException {
        return new InputRange(file(name, format), start, Long.MAX_VALUE);
    }

    private InputFile file(String name, String format) throws IOException {
        Path file = folder.resolve(name);
        return new InputFile(file.toString(), Files.size(file), 0, format);
    }
}
