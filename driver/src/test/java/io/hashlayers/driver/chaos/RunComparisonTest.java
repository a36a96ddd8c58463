package io.hashlayers.driver.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison that finds nothing is worth something only if it finds what is there. */
class RunComparisonTest {
    private static final String FIRST = "{\"step\": 1, \"loss\": 5.25}\n";
    private static final String SECOND = "{\"step\": 2, \"loss\": 5.125}\n";
    private static final String EVALUATION = "{\"step\": 2, \"split\": \"valid\", \"perplexity\": 170.5}\n";
    private static final String RESTART = "{\"restart\": 1, \"failure\": \"peer_lost\", \"cause\": \"killed\"}\n";

    @TempDir
    Path dir;

    private Path run(String name, String metrics, float value) throws IOException {
        Path run = Files.createDirectory(dir.resolve(name));
        Files.writeString(run.resolve("metrics.jsonl"), metrics);
        Settings settings = Settings.load(
                List.of(),
                List.of("model.layers=1", "model.dim=4", "model.ffn-dim=4", "model.heads=2", "moe.layers=[]"));
        ModelConfig model = settings.model(11);
        Parameters parameters = Parameters.forEvaluation(model, layer -> new int[0]);
        Matrix last = parameters.dense().parameters().get(0).value();
        last.array().putScalar(last.size() - 1, value);
        new CheckpointWriter(
                        new Configuration(),
                        run.toString(),
                        LocalCollectives.create(1, Duration.ofSeconds(5)).get(0))
                .write(
                        new CheckpointContent(2, model, new TreeMap<>(), settings.render(), List.of()),
                        CheckpointTensors.of(parameters));
        return run;
    }

    @Test
    void aRunIsEqualToItselfWithWhateverRestarts() throws IOException {
        Path one = run("one", FIRST + SECOND + EVALUATION, 1);
        Path other = run("other", FIRST + RESTART + SECOND + EVALUATION, 1);

        assertThat(RunComparison.difference(one, other)).isEmpty();
    }

    @Test
    void everyDifferenceOfTheCurveIsFound() throws IOException {
        Path one = run("one", FIRST + SECOND + EVALUATION, 1);

        assertThat(RunComparison.difference(
                        one, run("loss", FIRST + SECOND.replace("5.125", "5.1250001") + EVALUATION, 1)))
                .isEqualTo("step 2: loss 5.1250001 instead of step 2: loss 5.125");
        assertThat(RunComparison.difference(one, run("twice", FIRST + FIRST + SECOND + EVALUATION, 1)))
                .isEqualTo("step 1: loss 5.25 instead of step 2: loss 5.125");
        assertThat(RunComparison.difference(one, run("short", FIRST + SECOND, 1)))
                .isEqualTo("2 steps and evaluations instead of 3");
    }

    @Test
    void aLastBitOfOneTensorIsFound() throws IOException {
        Path one = run("one", FIRST, 1);
        Path other = run("other", FIRST, Math.nextUp(1f));

        assertThat(RunComparison.difference(one, other)).matches("tensor \\S+ differs after the last step");
    }

    @Test
    void aRunThatCannotBeReadIsNotEqual() throws IOException {
        Path one = run("one", FIRST, 1);

        assertThat(RunComparison.difference(one, dir.resolve("missing"))).startsWith("cannot be compared");
    }
}
