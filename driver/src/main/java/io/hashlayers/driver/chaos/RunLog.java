package io.hashlayers.driver.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** What can be seen of a run from outside: its metrics, and what its command printed. */
final class RunLog {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern RESUMED = Pattern.compile("resumed   after step ([0-9,]+)");
    private static final int TAIL = 1 << 14;

    private final Path metrics;
    private final Path printed;

    /**
     * @param run its folder
     * @param printed all that its commands printed
     */
    RunLog(Path run, Path printed) {
        this.metrics = run.resolve("metrics.jsonl");
        this.printed = printed;
    }

    /** The last step that is told, 0 if there is none. */
    long step() {
        String[] lines = tail().split("\n", -1);
        for (int i = lines.length - 2; i >= 0; i--) { // the last part is a line that is not whole yet, or nothing
            JsonNode line = parse(lines[i]);
            if (line.has("loss")) {
                return line.get("step").asLong();
            }
        }
        return 0;
    }

    private String tail() {
        try (RandomAccessFile file = new RandomAccessFile(metrics.toFile(), "r")) {
            byte[] bytes = new byte[(int) Math.min(TAIL, file.length())];
            file.seek(file.length() - bytes.length);
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) { // not there yet, or just replaced
            return "";
        }
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) { // the first of the tail may be a part
            return JSON.missingNode();
        }
    }

    /** The steps behind which the run went on, in order. */
    List<Long> resumptions() throws IOException {
        return RESUMED.matcher(Files.readString(printed))
                .results()
                .map(match -> Long.valueOf(match.group(1).replace(",", "")))
                .toList();
    }

    /** The last line that was printed. */
    String lastLine() throws IOException {
        List<String> lines = Files.readString(printed)
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
        return lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    }
}
