package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.prepare.LineReader.LineTooLongException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class LineReaderTest {
    @RandomSeeds(30)
    void linesAreThoseOfTheWholeTextCutAtItsEnds(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
            text.append("\u00e9\ud83d\ude00x\r".repeat(random.nextInt(4) == 0 ? 20_000 : random.nextInt(3)))
                    .append(random.nextBoolean() ? "\n" : "\r\n");
        }
        String content = text.append(random.nextBoolean() ? "end" : "").toString();
        List<String> expected = new ArrayList<>(Arrays.asList(content.split("\r?\n", -1)));
        if (expected.get(expected.size() - 1).isEmpty()) {
            expected.remove(expected.size() - 1); // the last end of line ends a line, it begins none
        }

        List<String> lines = new ArrayList<>();
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        try (var reader = new LineReader(inPieces(bytes, random), Integer.MAX_VALUE)) {
            for (String line = reader.next(); line != null; line = reader.next()) {
                lines.add(line);
                assertThat(reader.number()).isEqualTo(lines.size());
                byte[] there = line.getBytes(StandardCharsets.UTF_8);
                int start = (int) reader.start();
                assertThat(Arrays.copyOfRange(bytes, start, start + there.length))
                        .isEqualTo(there);
            }
            assertThat(reader.nextStart()).isEqualTo(bytes.length);
        }

        assertThat(lines).isEqualTo(expected);
    }

    @Test
    void bytesThatAreNotUtf8AreRefusedInTheirVeryLine() throws IOException {
        byte[] bytes = "good\nalso good\nb?d\ngood".getBytes(StandardCharsets.UTF_8);
        bytes[16] = (byte) 0xE9;

        try (var reader = reader(bytes, 100)) {
            assertThat(reader.next()).isEqualTo("good");
            assertThat(reader.next()).isEqualTo("also good");
            assertThatThrownBy(reader::next).isInstanceOf(CharacterCodingException.class);
            assertThat(reader.number()).isEqualTo(3);
            assertThat(reader.start()).isEqualTo(15);
        }
    }

    @Test
    void aLineOfTheLongestLengthIsReadAndALongerOneRefused() throws IOException {
        String longest = "x".repeat(200_000);

        try (var reader = reader((longest + "\n" + longest + "x\n").getBytes(StandardCharsets.UTF_8), 200_000)) {
            assertThat(reader.next()).isEqualTo(longest);
            assertThatThrownBy(reader::next)
                    .isInstanceOf(LineTooLongException.class)
                    .hasMessage("longer than 200000 bytes");
            assertThat(reader.number()).isEqualTo(2);
        }
    }

    private static LineReader reader(byte[] bytes, int mostBytes) {
        return new LineReader(new ByteArrayInputStream(bytes), mostBytes);
    }

    /** Gives a few bytes at a time, as a network does. */
    private static InputStream inPieces(byte[] bytes, SplittableRandom random) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] target, int offset, int length) {
                return super.read(target, offset, Math.min(length, random.nextInt(1, 50_000)));
            }
        };
    }
}
