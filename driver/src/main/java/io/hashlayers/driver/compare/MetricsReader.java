package io.hashlayers.driver.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;

/**
 * Reads {@code metrics.jsonl} for what it holds: of a step {@code "routing"}, of an evaluation {@code "loads"} and
 * {@code "changed_share"}, beside what every run writes. Fields that are missing or unknown are no fault, nor is a line that a
 * crash cut off.
 */
final class MetricsReader {
    private static final String NAME = "metrics.jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final List<RunMetrics.Step> steps = new ArrayList<>();
    private final List<RunMetrics.Evaluation> evaluations = new ArrayList<>();
    private final Map<Integer, LoadHistory> loads = new TreeMap<>();
    private final List<Double> speeds = new ArrayList<>();
    private long tokens;

    private MetricsReader() {}

    /** Reads those of a run; nothing if it wrote none. */
    static RunMetrics read(Folder run) {
        var reader = new MetricsReader();
        try {
            if (run.exists(NAME)) {
                reader.readLines(run);
            }
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, run.path(NAME) + " cannot be read: " + e.getMessage() + "; check the storage", e);
        }
        return new RunMetrics(
                reader.medianSpeed(), reader.steps, reader.evaluations, List.copyOf(reader.loads.values()));
    }

    private void readLines(Folder run) throws IOException {
        try (var lines = new BufferedReader(new InputStreamReader(run.open(NAME), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                add(line);
            }
        }
    }

    private void add(String line) throws IOException {
        JsonNode fields;
        try {
            fields = JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return; // cut off
        }
        if (fields.has("perplexity")) {
            fields.path("loads").forEach(this::addLoads);
            evaluations.add(new RunMetrics.Evaluation(
                    fields.path("step").asLong(),
                    tokens,
                    number(fields, "perplexity"),
                    number(fields, "changed_share")));
        } else if (fields.has("loss")) {
            addStep(fields);
        }
    }

    private void addStep(JsonNode fields) {
        tokens = fields.path("tokens").asLong(tokens);
        double speed = number(fields, "tokens_per_second");
        if (Double.isFinite(speed)) {
            speeds.add(speed);
        }
        JsonNode layers = fields.path("routing");
        steps.add(new RunMetrics.Step(
                fields.path("step").asLong(),
                number(fields, "loss"),
                number(fields, "gradient_norm"),
                number(fields, "max_vio"),
                mean(layers, "dropped"),
                meanOfPositive(layers, "gate_mean"),
                meanOfPositive(layers, "balance_loss"),
                meanOfPositive(layers, "assignment_rounds")));
    }

    private void addLoads(JsonNode layer) {
        JsonNode rows = layer.path("rows");
        if (!rows.isEmpty()) {
            loads.computeIfAbsent(layer.path("layer").asInt(), LoadHistory::new)
                    .add(StreamSupport.stream(rows.spliterator(), false)
                            .mapToDouble(JsonNode::asDouble)
                            .toArray());
        }
    }

    private static double mean(JsonNode layers, String field) {
        return RunMetrics.mean(
                StreamSupport.stream(layers.spliterator(), false).mapToDouble(layer -> number(layer, field)));
    }

    private double medianSpeed() {
        return speeds.isEmpty() ? Double.NaN : speeds.stream().sorted().toList().get(speeds.size() / 2);
    }

    /** A router writes 0 for what it does not have. */
    private static double meanOfPositive(JsonNode layers, String field) {
        return StreamSupport.stream(layers.spliterator(), false)
                .mapToDouble(layer -> number(layer, field))
                .filter(value -> value > 0)
                .average()
                .orElse(Double.NaN);
    }

    /** NaN if there is none. */
    private static double number(JsonNode fields, String field) {
        return fields.path(field).asDouble(Double.NaN);
    }
}
