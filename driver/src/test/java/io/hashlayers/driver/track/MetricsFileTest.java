package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.ExpertLoads;
import io.hashlayers.worker.train.RoutingMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsFileTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path run;

    @Test
    void eachLineIsAnObjectWithTheFieldsThatWereAnnounced() throws IOException {
        try (MetricsFile file = open()) {
            file.write(new StepMetrics(
                    3,
                    2.5,
                    3072,
                    1e6 / 3,
                    1.5e-3,
                    0.1,
                    1 / 3.0,
                    List.of(new RoutingMetrics(5, 0.5, 0.25, 0.75, 1.5, 8))));
            file.write(new EvaluationMetrics(3, "valid", 20, 10, 0.25, List.of(new ExpertLoads(5, List.of(7L, 0L)))));
        }

        List<Map<String, Object>> lines = lines();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0))
                .containsExactly(
                        Map.entry("step", 3),
                        Map.entry("loss", 2.5),
                        Map.entry("tokens", 3072),
                        Map.entry("tokens_per_second", 1e6 / 3),
                        Map.entry("learning_rate", 1.5e-3),
                        Map.entry("gradient_norm", 0.1),
                        Map.entry("max_vio", 1 / 3.0),
                        Map.entry(
                                "routing",
                                List.of(Map.of(
                                        "layer", 5,
                                        "max_vio", 0.5,
                                        "dropped", 0.25,
                                        "gate_mean", 0.75,
                                        "balance_loss", 1.5,
                                        "assignment_rounds", 8.0))));
        assertThat(lines.get(1))
                .containsExactly(
                        Map.entry("step", 3),
                        Map.entry("split", "valid"),
                        Map.entry("perplexity", Math.exp(2)),
                        Map.entry("changed_share", 0.25),
                        Map.entry("loads", List.of(Map.of("layer", 5, "rows", List.of(7, 0)))));
    }

    @Test
    void aLineIsOnItsWayAsSoonAsItIsWritten() throws IOException {
        try (MetricsFile file = open()) {
            for (int step = 1; step <= 3; step++) {
                file.write(new StepMetrics(step, 1, step, 1, 1, 1, 0, List.of()));
                assertThat(lines()).hasSize(step);
            }
        }
    }

    @Test
    void aLossThatIsNoNumberIsStillJson() throws IOException {
        try (MetricsFile file = open()) {
            file.write(new StepMetrics(1, Double.NaN, 1, Double.POSITIVE_INFINITY, 1, Double.NaN, 0, List.of()));
        }

        assertThat(lines().get(0)).containsEntry("loss", "NaN").containsEntry("tokens_per_second", "Infinity");
    }

    @Test
    void anotherRunStartsAnew() throws IOException {
        for (int run = 0; run < 2; run++) {
            try (MetricsFile file = open()) {
                file.write(new EvaluationMetrics(run, "test", 1, 1, Double.NaN, List.of()));
            }
        }

        assertThat(lines()).hasSize(1).first().satisfies(line -> assertThat(line)
                .containsEntry("step", 1));
    }

    @Test
    void aResumedRunGoesOnBehindTheLinesThatStillHold() throws IOException {
        try (MetricsFile file = open()) {
            for (int step = 1; step <= 5; step++) {
                file.write(step(step));
                file.write(new EvaluationMetrics(step, "valid", 20, 10, Double.NaN, List.of()));
            }
        }
        Files.writeString(run.resolve("metrics.jsonl"), "{\"step\": 3, \"lo", StandardOpenOption.APPEND); // cut off
        var curve = new LossCurve();

        try (MetricsFile file = MetricsFile.goOn(Folder.of(new Configuration(), run.toString()), 3, curve)) {
            file.write(step(4));
        }

        assertThat(lines()).extracting(line -> line.get("step")).containsExactly(1, 1, 2, 2, 3, 3, 4);
        assertThat(curve.svg()).isEqualTo(curveOf(3).svg());
        assertThat(run.toFile().list()).containsExactly("metrics.jsonl");
    }

    @Test
    void whatBecameOfTheRunStaysWhenItGoesOnBehindAnEarlierStep() throws IOException {
        try (MetricsFile file = open()) {
            file.write(step(1));
            file.writeRestart(new TrainingException(Failure.PEER_LOST, "gone"), 1);
            file.writeSkip(new TrainingException(Failure.DIVERGED, "too hot"), 2);
            file.writeRanks(1, 4);
        }

        MetricsFile.goOn(Folder.of(new Configuration(), run.toString()), 0, new LossCurve())
                .close();

        assertThat(lines())
                .containsExactly(
                        Map.of("restart", 1, "failure", "peer_lost", "cause", "gone"),
                        Map.of("skipped", 2, "cause", "too hot"),
                        Map.of("ranks", 1, "asked", 4));
    }

    @Test
    void aResumedRunWithoutLinesBeginsThem() throws IOException {
        try (MetricsFile file = MetricsFile.goOn(Folder.of(new Configuration(), run.toString()), 3, new LossCurve())) {
            file.write(step(4));
        }

        assertThat(lines()).extracting(line -> line.get("step")).containsExactly(4);
    }

    private static StepMetrics step(long step) {
        return new StepMetrics(step, 7 - 0.1 * step, 100 * step, 50, 1e-3, 1.5, 0, List.of());
    }

    private static LossCurve curveOf(int steps) {
        var curve = new LossCurve();
        for (int step = 1; step <= steps; step++) {
            curve.add(step(step));
            curve.add(new EvaluationMetrics(step, "valid", 20, 10, Double.NaN, List.of()));
        }
        return curve;
    }

    private MetricsFile open() throws IOException {
        return MetricsFile.begin(Folder.of(new Configuration(), run.toString()));
    }

    private List<Map<String, Object>> lines() throws IOException {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            lines.add(JSON.readValue(line, new TypeReference<LinkedHashMap<String, Object>>() {}));
        }
        return lines;
    }
}
