package io.hashlayers.driver.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.driver.endtoend.Launcher.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A study from text to report, as a user runs it. */
@TestInstance(Lifecycle.PER_CLASS)
class CompareIT {
    private static final int USER = 2;
    private static final int DIVERGED = 6;
    private static final String STUDY = """
            title = "Tables, and a rate that is too high"
            equal = active-flops
            seeds = [1, 2, 3]
            base {
              model { context-length = 16, layers = 2, dim = 16, ffn-dim = 16, heads = 2 }
              moe { layers = [1], num-experts = 4 }
              train { steps = 4, batch-sequences = 2, evaluate-every = 2, evaluate-sequences = 2 }
              optimizer.warmup-steps = 0
              prepare { vocabulary-size = 300, valid-fraction = 0.2, test-fraction = 0.1 }
            }
            variants {
              balanced { moe.table = balanced }
              modulo { moe.table = modulo }
              diverging { optimizer.learning-rate = 1e30 }
            }
            claims = [ { claim = "Balanced is better", source = "nobody", expect = "balanced < modulo" } ]
            sizes.small {}
            """;

    @TempDir
    static Path folder;

    private Launcher hashlayers;

    @BeforeAll
    void write() throws IOException {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        Files.writeString(folder.resolve("tables.conf"), STUDY);
    }

    private Finished compare(String out, String... more) {
        List<String> command = new ArrayList<>(List.of(
                "--master", "local[2]", "compare", "--study", "tables.conf", "--input", "text.txt", "--out", out));
        command.addAll(List.of(more));
        return hashlayers.run(command.toArray(String[]::new));
    }

    @Test
    void aStudyEndsInAReportAndGoesOnWhereItWas() throws IOException {
        Finished first = compare("study").expect(DIVERGED);

        assertThat(first.errors())
                .contains("tables: 9 runs, 0 of them finished before", "no result of diverging, seed 2", "report in ");
        assertThat(Files.readAllLines(folder.resolve("study/results.csv"))).hasSize(1 + 9);
        assertThat(folder.resolve("study/results.parquet")).isNotEmptyFile();
        String report = Files.readString(folder.resolve("study/report.html"));
        assertThat(report).contains("6 of 9 runs are finished, 3 failed.", "Balanced is better", "failed: ");
        byte[] kept = Files.readAllBytes(folder.resolve("study/runs/modulo/seed-3/metrics.jsonl"));

        Finished second =
                compare("study", "--only", "modulo", "--only", "balanced").expect(0);
        assertThat(second.errors())
                .contains("tables: 6 runs, 6 of them finished before")
                .doesNotContain("step ");
        assertThat(folder.resolve("study/runs/modulo/seed-3/metrics.jsonl")).hasBinaryContent(kept);

        Finished third = compare("study", "--only", "modulo", "--seeds", "3", "-D", "train.steps=5")
                .expect(0);
        assertThat(third.errors()).contains("tables: 1 runs, 0 of them finished before", "step 5/5");
    }

    @Test
    void runsAtOnceEndAsRunsByThemselves() throws IOException {
        compare("alone", "--seeds", "1", "-D", "train.ranks=1", "--only", "balanced", "--only", "modulo")
                .expect(0);
        Finished parallel = compare(
                        "parallel", "--seeds", "1", "--parallel", "2", "--only", "balanced", "--only", "modulo")
                .expect(0);

        assertThat(parallel.errors()).contains("run 1 of 2 (balanced, seed 1)", "run 2 of 2 (modulo, seed 1)");
        for (String run : List.of("runs/balanced/seed-1", "runs/modulo/seed-1")) {
            assertThat(losses("parallel/" + run))
                    .isEqualTo(losses("alone/" + run))
                    .hasSize(4);
        }
        assertThat(Files.readString(folder.resolve("parallel/report.html"))).contains("Up to 2 runs at once");
        compare("none", "--parallel", "3").expect(USER);
    }

    private static List<Double> losses(String run) throws IOException {
        List<Double> losses = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl"))) {
            JsonNode loss = new ObjectMapper().readTree(line).path("loss");
            if (!loss.isMissingNode()) {
                losses.add(loss.asDouble());
            }
        }
        return losses;
    }

    @Test
    void pairsHaveTheSameDenseWeightsAndTheSameBatches() throws IOException {
        compare("pairs", "--seeds", "7", "--only", "balanced", "--only", "modulo")
                .expect(0);

        assertThat(firstLoss("balanced"))
                .isCloseTo(firstLoss("modulo"), within(0.01)); // the experts' outputs are small yet
        assertThat(firstLoss("balanced")).isNotEqualTo(firstLoss("modulo"));
    }

    private static double firstLoss(String variant) throws IOException {
        Path metrics = folder.resolve("pairs/runs/" + variant + "/seed-7/metrics.jsonl");
        return new ObjectMapper()
                .readTree(Files.readAllLines(metrics).get(0))
                .path("loss")
                .asDouble();
    }
}
