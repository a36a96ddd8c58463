package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsReaderTest {
    @TempDir
    Path dir;

    private RunMetrics read(String lines) throws IOException {
        Files.writeString(dir.resolve("metrics.jsonl"), lines);
        return MetricsReader.read(Folder.of(new Configuration(), dir.toString()));
    }

    @Test
    void aRunOfTodayHasStepsAndEvaluations() throws IOException {
        RunMetrics metrics = read("""
                {"step":1,"loss":7.5,"tokens":100,"tokens_per_second":10.0,"learning_rate":0.1,"gradient_norm":2.0,"max_vio":0.5}
                {"step":2,"loss":"NaN","tokens":200,"tokens_per_second":400.0,"learning_rate":0.1,"gradient_norm":1.0,"max_vio":0.25}
                {"step":3,"loss":6.5,"tokens":300,"tokens_per_second":500.0,"gradient_norm":1.0,"max_vio":0.25}
                {"step":3,"split":"valid","perplexity":660.0}
                """);

        assertThat(metrics.steps()).hasSize(3);
        assertThat(metrics.steps().get(0))
                .isEqualTo(new RunMetrics.Step(1, 7.5, 2, 0.5, Double.NaN, Double.NaN, Double.NaN, Double.NaN));
        assertThat(metrics.steps().get(1).loss()).isNaN();
        assertThat(metrics.tokensPerSecond())
                .as("the median, without the slow start")
                .isEqualTo(400);
        assertThat(metrics.evaluations()).containsExactly(new RunMetrics.Evaluation(3, 300, 660, Double.NaN));
        assertThat(metrics.loads()).isEmpty();
    }

    @Test
    void whatRoutersTellIsReadAndWhatIsUnknownIsNot() throws IOException {
        RunMetrics metrics = read("""
                {"step":1,"loss":7,"tokens":8,"colour":"blue","routing":[{"layer":1,"dropped":0.25,"gate_mean":0.5,"balance_loss":1.5,"assignment_rounds":0,"mood":1},{"layer":3,"dropped":0.75}]}
                {"step":1,"split":"valid","perplexity":60,"changed_share":0.125,"loads":[{"layer":1,"rows":[6,2]},{"layer":3,"rows":[4,4]}]}
                """);

        assertThat(metrics.steps().get(0).droppedShare()).isEqualTo(0.5);
        assertThat(metrics.steps().get(0).gateMean()).isEqualTo(0.5);
        assertThat(metrics.steps().get(0).balanceLoss()).isEqualTo(1.5);
        assertThat(metrics.steps().get(0).assignmentRounds())
                .as("written as 0 where there is none")
                .isNaN();
        assertThat(metrics.loads()).extracting(LoadHistory::layer).containsExactly(1, 3);
        assertThat(metrics.loads().get(0).lateShares()).containsExactly(0.75, 0.25);
        assertThat(metrics.evaluations().get(0).changedShare()).isEqualTo(0.125);
        assertThat(metrics.tokensPerSecond()).isNaN();
    }

    @Test
    void aLineThatWasCutOffIsLeftOut() throws IOException {
        RunMetrics metrics = read("{\"step\":1,\"loss\":7.5,\"tokens\":100}\n\n[]\n{\"step\":2,\"lo");

        assertThat(metrics.steps()).hasSize(1);
    }

    @Test
    void aRunWithoutTheFileLeftNothing() {
        RunMetrics metrics = MetricsReader.read(Folder.of(new Configuration(), dir.toString()));

        assertThat(metrics.steps()).isEmpty();
        assertThat(metrics.evaluations()).isEmpty();
    }
}
