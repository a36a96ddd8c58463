package io.hashlayers.driver.endtoend;

import io.hashlayers.driver.prepare.QuickstartText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The first documents of the quickstart's text. */
final class SmallText {
    private static final int DOCUMENTS = 300;

    private SmallText() {}

    static void write(Path file) throws IOException {
        Path all = QuickstartText.extractTo(Files.createTempDirectory("europarl"));
        try (Stream<String> lines = Files.lines(all)) {
            Files.write(file, lines.limit(DOCUMENTS).toList());
        }
    }
}
