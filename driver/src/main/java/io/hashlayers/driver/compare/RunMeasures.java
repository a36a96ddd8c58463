package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The measures of a finished run. */
final class RunMeasures {
    private static final double LATE = 0.9;

    private final Map<Measure, Double> values = new EnumMap<>(Measure.class);

    private RunMeasures() {}

    /** All measures that the run has; none is NaN. */
    static Map<Measure, Double> of(ResolvedRun run, RunRecord result, RunMetrics metrics) {
        var measures = new RunMeasures();
        measures.quality(run, result.summary());
        measures.size(run, result, metrics);
        measures.routing(result, metrics);
        measures.put(Measure.GRADIENT_SPIKES, Steadiness.gradientSpikes(metrics));
        measures.put(Measure.LARGEST_GRADIENT_SPIKE, Steadiness.largestSpike(metrics));
        measures.put(Measure.LATE_LOSS_DEVIATION, Steadiness.lateLossDeviation(metrics));
        return measures.values;
    }

    private void quality(ResolvedRun run, RunSummary summary) {
        double loss = Math.log(summary.validPerplexity());
        put(Measure.VALID_LOSS, loss);
        put(Measure.VALID_PERPLEXITY, summary.validPerplexity());
        put(Measure.BITS_PER_BYTE, summary.validBitsPerByte());
        put(Measure.UNIGRAM_PERPLEXITY, summary.unigramPerplexity());
        run.dataset().tokensPerWord().ifPresent(tokens -> put(Measure.WORD_PERPLEXITY, Math.exp(loss * tokens)));
    }

    private void size(ResolvedRun run, RunRecord result, RunMetrics metrics) {
        var layout =
                ParameterLayout.of(run.settings().model(run.dataset().manifest().vocabularySize()));
        RunSummary summary = result.summary();
        double tokensPerStep = (double) summary.tokens() / summary.steps();
        put(Measure.PARAMETERS, (double) layout.totalParameters());
        put(Measure.ACTIVE_PARAMETERS, (double) layout.multipliedWeights());
        put(Measure.TOKENS, (double) summary.tokens());
        if (result.facts().exchangedBytes() >= 0) {
            put(Measure.EXCHANGED_BYTES, result.facts().exchangedBytes());
        }
        if (result.parallel() > 1) {
            return; // a speed that was shared with others tells nothing
        }
        double tokensPerSecond =
                Double.isNaN(metrics.tokensPerSecond()) ? summary.tokensPerSecond() : metrics.tokensPerSecond();
        put(Measure.TOKENS_PER_SECOND, tokensPerSecond);
        put(Measure.STEPS_PER_SECOND, tokensPerSecond / tokensPerStep);
        put(Measure.TRAINING_SECONDS, summary.tokens() / tokensPerSecond);
    }

    private void routing(RunRecord result, RunMetrics metrics) {
        List<double[]> shares = loadShares(result, metrics);
        if (shares.isEmpty()) {
            return; // dense
        }
        put(Measure.MAX_VIO, result.summary().maxVio());
        put(Measure.LOAD_ENTROPY, RunMetrics.mean(shares.stream().mapToDouble(LoadHistory::entropy)));
        put(Measure.DROPPED_SHARE, late(metrics, RunMetrics.Step::droppedShare));
        put(Measure.GATE_MEAN, late(metrics, RunMetrics.Step::gateMean));
        put(Measure.BALANCE_LOSS, late(metrics, RunMetrics.Step::balanceLoss));
        put(Measure.ASSIGNMENT_ROUNDS, late(metrics, RunMetrics.Step::assignmentRounds));
        if (!metrics.evaluations().isEmpty()) {
            put(
                    Measure.CHANGED_SHARE,
                    metrics.evaluations().get(metrics.evaluations().size() - 1).changedShare());
        }
    }

    /** Shares of the experts late in the run, of each layer that tells them, else on the training text by the table. */
    static List<double[]> loadShares(RunRecord result, RunMetrics metrics) {
        if (!metrics.loads().isEmpty()) {
            return metrics.loads().stream().map(LoadHistory::lateShares).toList();
        }
        double[] planned = result.facts().expertLoads().stream()
                .mapToDouble(Long::doubleValue)
                .toArray();
        return planned.length == 0 ? List.of() : List.of(LoadHistory.shares(planned));
    }

    private static double late(RunMetrics metrics, ToDoubleFunction<RunMetrics.Step> of) {
        return RunMetrics.mean(metrics.stepsAfter(LATE).stream().mapToDouble(of));
    }

    private void put(Measure measure, double value) {
        if (Double.isFinite(value)) {
            values.put(measure, value);
        }
    }
}
