package io.hashlayers.driver.prepare;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Writes a text of any size for trials of memory: the lines of a real one again and again in random order, of whose words a
 * share is misspelled, so that documents differ and new words never cease to come, as in real text.
 */
final class RepeatedText {
    private static final double MISSPELLED = 0.03; // of the words

    private final List<String> lines;
    private final SplittableRandom random;

    RepeatedText(List<String> lines, long seed) {
        this.lines = lines;
        this.random = new SplittableRandom(seed);
    }

    /**
     * Writes files of about the same size.
     *
     * @param arguments file of real text, folder to write to, bytes in all, files, seed
     */
    public static void main(String[] arguments) throws IOException {
        var text = new RepeatedText(Files.readAllLines(Path.of(arguments[0])), Long.parseLong(arguments[4]));
        long bytes = Long.parseLong(arguments[2]);
        int files = Integer.parseInt(arguments[3]);
        Path folder = Files.createDirectories(Path.of(arguments[1]));
        for (int file = 0; file < files; file++) {
            try (var out = new BufferedOutputStream(
                    Files.newOutputStream(folder.resolve("part-%05d.txt".formatted(file))), 1 << 16)) {
                text.write(out, bytes / files);
            }
        }
    }

    /** Writes lines until there are as many bytes. */
    void write(OutputStream out, long bytes) throws IOException {
        for (long written = 0; written < bytes; ) {
            byte[] line = (varied(lines.get(random.nextInt(lines.size()))) + "\n").getBytes(StandardCharsets.UTF_8);
            out.write(line);
            written += line.length;
        }
    }

    private String varied(String line) {
        StringBuilder varied = new StringBuilder(line);
        for (int i = 1; i < varied.length(); i++) {
            if (varied.charAt(i - 1) == ' ' && random.nextDouble() < MISSPELLED) {
                misspell(varied, i);
            }
        }
        return varied.toString();
    }

    /** Changes letters of the word that begins at an index. */
    private void misspell(StringBuilder text, int start) {
        for (int i = start; i < text.length() && Character.isLetter(text.charAt(i)); i++) {
            if (random.nextInt(3) == 0) {
                text.setCharAt(i, (char) ('a' + random.nextInt(26)));
            }
        }
    }
}
