package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RepeatedTextTest {
    private static final List<String> LINES = List.of("a line of common words", "and another one of them");

    @Test
    void aSeedAlwaysGivesTheSameTextInWhichNewWordsKeepComing() throws IOException {
        String text = text(7, 100_000);

        assertThat(text).isEqualTo(text(7, 100_000)).isNotEqualTo(text(8, 100_000));
        assertThat(text.length()).isBetween(100_000, 100_100);
        assertThat(words(text))
                .hasSizeGreaterThan(2 * words(text.substring(0, 20_000)).size());
    }

    private static Set<String> words(String text) {
        Set<String> words = new HashSet<>();
        PreTokens.forEach(text, words::add);
        return words;
    }

    private static String text(long seed, long bytes) throws IOException {
        var out = new ByteArrayOutputStream();
        new RepeatedText(LINES, seed).write(out, bytes);
        return out.toString(StandardCharsets.UTF_8);
    }
}
