package io.hashlayers.driver.compare;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

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
