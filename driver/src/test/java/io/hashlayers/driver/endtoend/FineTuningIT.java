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

/** Going on from a saved model, by the commands: upcycled, distilled, frozen. */
@TestInstance(Lifecycle.PER_CLASS)
class FineTuningIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int USER = 2;

    @TempDir
    static Path folder;

    private Launcher hashlayers;

    @BeforeAll
    void prepareRealText() throws IOException {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        Files.writeString(folder.resolve("small.conf"), """
                model { context-length = 16, layers = 2, dim = 32, ffn-dim = 64, heads = 2 }
                optimizer { warmup-steps = 0, learning-rate = 3e-3 }
                train { steps = 20, batch-sequences = 8, evaluate-sequences = 20 }
                prepare { vocabulary-size = 400 }
                """);
        hashlayers
                .run("--master", "local[2]", "prepare", "--conf", "small.conf", "--input", "text.txt", "--out", "data")
                .expect(0);
    }

    private Finished train(String run, String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("--master", "local[2]", "train", "--conf", "small.conf", "--data", "data", "--run", run));
        arguments.addAll(List.of(more));
        return hashlayers.run(arguments.toArray(String[]::new));
    }

    /** What a run told of a step: its loss, or the perplexity after it. */
    private double metric(String run, long step, String name) throws IOException {
        for (String line : Files.readAllLines(folder.resolve(run).resolve("metrics.jsonl"))) {
            JsonNode metrics = JSON.readTree(line);
            if (metrics.get("step").asLong() == step && metrics.has(name)) {
                return metrics.get(name).asDouble();
            }
        }
        throw new AssertionError(run + " has no " + name + " of step " + step);
    }

    @Test
    void anUpcycledModelIsTheDenseOneBeforeItsFirstStep() throws IOException {
        train("dense", "-D", "moe.layers=[]").expect(0);
        train("on", "--from", "dense").expect(0);
        Finished sparse = train("sparse", "--from", "dense", "-D", "moe.layers=[0,-1]", "-D", "moe.num-experts=6");

        assertThat(sparse.expect(0).errors())
                .contains("begins    with step 20 of", "block 0: 6 experts, each a copy of h.0.ffn");
        double loss = metric("on", 1, "loss");
        double perplexity = metric("dense", 20, "perplexity");
        assertThat(metric("sparse", 1, "loss")).isCloseTo(loss, within(1e-6 * loss));
        assertThat(metric("sparse", 0, "perplexity")).isCloseTo(perplexity, within(1e-6 * perplexity));
        assertThat(metric("on", 0, "perplexity")).isCloseTo(perplexity, within(1e-9 * perplexity));
        assertThat(metric("sparse", 20, "perplexity")).isLessThan(perplexity);
        assertThat(hashlayers.run("inspect", "sparse").expect(0).output())
                .containsPattern("begun with +step 20 of dense")
                .containsPattern("experts +6 in each of the blocks \\[0, 1\\]");
        Finished refused =
                train("refused", "--from", "sparse", "-D", "moe.num-experts=5").expect(USER);
        assertThat(refused.errors()).contains("moe.num-experts is 5 but 6 in the checkpoint of train.from");
        assertThat(folder.resolve("refused")).doesNotExist();
    }

    @Test
    void aDistilledRouterGoesOnAsAHashWithFrozenExperts() throws IOException {
        train("switch", "-D", "moe.router=switch", "-D", "moe.num-experts=6").expect(0);
        Finished distilled = hashlayers
                .run("--master", "local[2]", "distil", "--run", "switch", "--out", "table-{layer}.bin")
                .expect(0);
        assertThat(distilled.output())
                .containsPattern("block 1: \\d+ of 400 tokens were routed; the table has the router's expert for")
                .contains("go on with: hashlayers train --from switch --data data --run NEW -D moe.router=hash");

        String command = distilled
                .output()
                .lines()
                .filter(line -> line.startsWith("go on"))
                .findFirst()
                .orElseThrow();
        List<String> arguments = new ArrayList<>(List.of("--master", "local[2]"));
        arguments.addAll(
                List.of(command.replaceFirst("go on with: hashlayers ", "").split(" ", -1)));
        arguments.addAll(List.of("--conf", "small.conf", "-D", "train.freeze=[experts]"));
        Finished frozen = hashlayers.run(arguments.toArray(String[]::new)).expect(0);

        assertThat(frozen.errors()).contains("frozen    ", "parameters: experts");
        assertThat(folder.resolve("NEW/table/expert-table-0.bin"))
                .hasSameBinaryContentAs(folder.resolve("table-1.bin"));
        assertThat(metric("NEW", 20, "perplexity")).isLessThan(metric("NEW", 0, "perplexity"));
        Finished again = hashlayers
                .run("--master", "local[2]", "distil", "--run", "NEW", "--out", "other.bin")
                .expect(USER);
        assertThat(again.errors()).contains("has no layer whose router learned");
    }
}
