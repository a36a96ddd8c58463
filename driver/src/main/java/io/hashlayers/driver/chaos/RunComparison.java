package io.hashlayers.driver.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointManifest;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** Compares two runs that must be equal to the bit: each step once with its loss, each evaluation, and every last tensor. */
final class RunComparison {
    private static final ObjectMapper JSON = new ObjectMapper();

    private RunComparison() {}

    /** The first difference in words, or empty if there is none. */
    static String difference(Path expected, Path actual) {
        try {
            List<String> curve = curve(expected);
            List<String> other = curve(actual);
            for (int i = 0; i < Math.min(curve.size(), other.size()); i++) {
                if (!curve.get(i).equals(other.get(i))) {
                    return "%s instead of %s".formatted(other.get(i), curve.get(i));
                }
            }
            if (curve.size() != other.size()) {
                return "%d steps and evaluations instead of %d".formatted(other.size(), curve.size());
            }
            return tensorDifference(tensors(expected), tensors(actual));
        } catch (IOException | TrainingException e) {
            return "cannot be compared: " + e.getMessage();
        }
    }

    /** Steps and evaluations in the order of the file. */
    private static List<String> curve(Path run) throws IOException {
        List<String> curve = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            JsonNode fields = JSON.readTree(line);
            for (String value : List.of("loss", "perplexity")) {
                if (fields.has(value)) {
                    curve.add("step %d: %s %s".formatted(fields.get("step").asLong(), value, fields.get(value)));
                }
            }
        }
        return curve;
    }

    private static String tensorDifference(Map<String, String> expected, Map<String, String> actual) {
        for (Map.Entry<String, String> tensor : expected.entrySet()) {
            if (!tensor.getValue().equals(actual.get(tensor.getKey()))) {
                return "tensor %s differs after the last step".formatted(tensor.getKey());
            }
        }
        return expected.size() == actual.size() ? "" : "other tensors after the last step";
    }

    /** Checksums of the values and moments of the last checkpoint, by name; each file is read and verified. */
    private static SortedMap<String, String> tensors(Path run) {
        SortedMap<String, String> checksums = new TreeMap<>();
        try (CheckpointReader last =
                CheckpointReader.open(new Configuration(), run.toUri().toString(), OptionalLong.empty())) {
            checksums.put("(step)", Long.toString(last.manifest().step()));
            for (CheckpointManifest.FileEntry file : last.manifest().files()) {
                last.verify(file);
                file.tensors().forEach(tensor -> checksums.put(tensor.name(), tensor.crc32c()));
            }
        }
        return checksums;
    }
}
