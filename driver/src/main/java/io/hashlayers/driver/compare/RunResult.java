package io.hashlayers.driver.compare;

import io.hashlayers.worker.storage.Folder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;

/**
 * A run of a study with all that is known of it.
 *
 * @param outcome how it ended
 * @param measures of a finished run; empty of a failed one
 * @param metrics its time line; of a failed run without any
 * @param loadShares of the experts of each sparse layer late in the run, [E] each; one list for all layers if only a table tells
 */
public record RunResult(
        RunOutcome outcome, Map<Measure, Double> measures, RunMetrics metrics, List<double[]> loadShares) {
    public RunResult {
        measures = Map.copyOf(measures);
        loadShares = List.copyOf(loadShares);
    }

    /** Reads what a run left. */
    public static RunResult read(RunOutcome outcome, Configuration hadoop) {
        Optional<RunRecord> record = outcome.record();
        if (record.isEmpty()) {
            return new RunResult(outcome, Map.of(), RunMetrics.none(), List.of());
        }
        RunMetrics metrics = MetricsReader.read(Folder.of(hadoop, outcome.run().folder()));
        return new RunResult(
                outcome,
                RunMeasures.of(outcome.run(), record.get(), metrics),
                metrics,
                RunMeasures.loadShares(record.get(), metrics));
    }

    public RunId id() {
        return outcome.run().id();
    }

    public boolean finished() {
        return outcome instanceof RunOutcome.Finished;
    }

    /** A measure, empty if this run has none. */
    public OptionalDouble measure(Measure measure) {
        Double value = measures.get(measure);
        return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
    }
}
