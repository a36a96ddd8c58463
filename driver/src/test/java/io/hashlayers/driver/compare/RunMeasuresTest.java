package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMeasuresTest {
    @TempDir
    Path dir;

    private RunResult result() {
        Study study = SampleStudy.read(dir, SampleStudy.TABLES);
        return SampleStudy.results(study, dir, run -> 20).runs().get(0);
    }

    @Test
    void everyMeasureIsThatOfTheRun() {
        Map<Measure, Double> measures = result().measures();

        assertThat(measures)
                .containsEntry(Measure.VALID_PERPLEXITY, 20.0)
                .containsEntry(Measure.BITS_PER_BYTE, 1.5)
                .containsEntry(Measure.UNIGRAM_PERPLEXITY, 40.0)
                .containsEntry(Measure.TOKENS, 96.0)
                .containsEntry(Measure.TOKENS_PER_SECOND, 801.0)
                .containsEntry(Measure.EXCHANGED_BYTES, 1234.0)
                .containsEntry(Measure.MAX_VIO, 0.25)
                .containsEntry(Measure.PARAMETERS, 2520.0)
                .containsEntry(Measure.GATE_MEAN, 0.5)
                .containsEntry(Measure.ASSIGNMENT_ROUNDS, 12.0)
                .containsEntry(Measure.CHANGED_SHARE, 1 / 40.0)
                .containsKeys(Measure.values());
        assertThat(measures.get(Measure.VALID_LOSS)).isCloseTo(Math.log(20), within(1e-12));
        assertThat(measures.get(Measure.WORD_PERPLEXITY)).isCloseTo(Math.pow(20, 1.5), within(1e-9));
        assertThat(measures.get(Measure.STEPS_PER_SECOND)).isCloseTo(801 / 16.0, within(1e-9));
        assertThat(measures.get(Measure.TRAINING_SECONDS)).isCloseTo(96 / 801.0, within(1e-9));
        assertThat(measures.get(Measure.DROPPED_SHARE)).isBetween(0.2 / 40, 0.2 / 37);
    }

    @Test
    void withoutMetricsTheTableAndTheSummaryTell() {
        RunResult run = result();
        RunRecord record = run.outcome().record().orElseThrow();

        Map<Measure, Double> measures = RunMeasures.of(run.outcome().run(), record, RunMetrics.none());

        double[] shares = {0.1, 0.2, 0.3, 0.4};
        assertThat(measures.get(Measure.LOAD_ENTROPY)).isCloseTo(LoadHistory.entropy(shares), within(1e-12));
        assertThat(measures)
                .containsEntry(Measure.TOKENS_PER_SECOND, 960.0)
                .doesNotContainKeys(Measure.CHANGED_SHARE, Measure.DROPPED_SHARE, Measure.GRADIENT_SPIKES);
    }
}
