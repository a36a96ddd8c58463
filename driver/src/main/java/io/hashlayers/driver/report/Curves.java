package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunMetrics;
import io.hashlayers.driver.compare.RunMetrics.Evaluation;
import io.hashlayers.driver.compare.RunMetrics.Step;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.compare.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The charts of a study, of whatever its runs wrote down. */
final class Curves {
    private static final int MOST_POINTS = 160;
    private static final double SECONDS_OF_MINUTE = 60;
    /** From how many minutes on a time axis counts them. */
    private static final double MINUTES = 3;

    private final StudyResults results;
    private final List<String> variants;
    private final Outliers outliers;

    Curves(StudyResults results) {
        this.results = results;
        this.outliers = new Outliers(results);
        this.variants = results.study().variants().stream().map(Variant::name).toList();
    }

    /** Perplexity over steps and over time. */
    String quality() {
        return ratioChart(
                        "Validation perplexity over steps; the band is the range over seeds%s."
                                .formatted(outliers.notShown(Measure.VALID_PERPLEXITY)),
                        shown(evaluations(Evaluation::step, Evaluation::perplexity)),
                        "step",
                        "perplexity")
                + ratioChart(
                        "Validation perplexity over training time, at the median speed of each run%s."
                                .formatted(outliers.notShown(Measure.VALID_PERPLEXITY)),
                        shown(overTime(minutes() ? SECONDS_OF_MINUTE : 1)),
                        minutes() ? "minutes" : "seconds",
                        "perplexity")
                + differences();
    }

    private Function<RunResult, List<double[]>> shown(Function<RunResult, List<double[]>> points) {
        return run -> outliers.has(run) ? List.of() : points.apply(run);
    }

    private boolean minutes() {
        return results.runs().stream()
                .flatMapToDouble(run -> run.measure(Measure.TRAINING_SECONDS).stream())
                .anyMatch(seconds -> seconds > MINUTES * SECONDS_OF_MINUTE);
    }

    private static Function<RunResult, List<double[]>> overTime(double unit) {
        return run -> run.measure(Measure.TRAINING_SECONDS).isEmpty()
                ? List.of()
                : run.metrics().evaluations().stream()
                        .map(point -> new double[] {
                            point.tokens() / run.metrics().tokensPerSecond() / unit, point.perplexity()
                        })
                        .toList();
    }

    /** What lines that lie close hide: the losses against those of the variant that most claims speak of. */
    private String differences() {
        String reference = results.reference();
        return chart(
                "Validation loss minus that of %s with the same seed; the band is the range over seeds%s."
                        .formatted(reference, outliers.notShown(Measure.VALID_LOSS)),
                shown(run -> run.id().variant().equals(reference) ? List.of() : difference(run, reference)),
                "step",
                "difference, nats per token");
    }

    /** Nothing for a run on other text, or one that evaluated at other steps. */
    private List<double[]> difference(RunResult run, String reference) {
        return results.of(reference).stream()
                .filter(other -> other.id().seed() == run.id().seed())
                .filter(other -> other.outcome()
                        .run()
                        .dataset()
                        .name()
                        .equals(run.outcome().run().dataset().name()))
                .findFirst()
                .map(other ->
                        difference(run.metrics().evaluations(), other.metrics().evaluations()))
                .orElse(List.of());
    }

    private static List<double[]> difference(List<Evaluation> ours, List<Evaluation> theirs) {
        return IntStream.range(0, Math.min(ours.size(), theirs.size()))
                .filter(i -> ours.get(i).step() == theirs.get(i).step())
                .mapToObj(i -> new double[] {
                    ours.get(i).step(),
                    Math.log(ours.get(i).perplexity() / theirs.get(i).perplexity())
                })
                .toList();
    }

    /** Loads and routers. */
    String routing() {
        return chart(
                        "MaxVio over steps: rows of the busiest expert over the mean, minus 1.",
                        sparse(means(Step::maxVio)),
                        "step",
                        "MaxVio")
                + chart(
                        "Share of validation tokens whose expert is another than at the evaluation before.",
                        evaluations(Evaluation::step, Evaluation::changedShare),
                        "step",
                        "share of tokens")
                + chart(
                        "Share of tokens dropped, because their expert was full.",
                        means(Step::droppedShare),
                        "step",
                        "share of tokens")
                + chart("Mean gate of the experts' outputs.", means(Step::gateMean), "step", "gate")
                + chart(
                        "Balance loss, without its weight; 1 is uniform.",
                        means(Step::balanceLoss),
                        "step",
                        "balance loss")
                + chart("Rounds of the auction.", means(Step::assignmentRounds), "step", "rounds");
    }

    /** How steadily it went. */
    String steadiness() {
        return ratioChart("Training loss, means of equal many steps.", means(Step::loss), "step", "nats per token")
                + ratioChart(
                        "Global gradient norm before clipping, the largest of equal many steps.",
                        largest(Step::gradientNorm),
                        "step",
                        "gradient norm");
    }

    /** Of values whose ratios mean more than their differences. */
    private String ratioChart(
            String title, Function<RunResult, List<double[]>> points, String horizontal, String vertical) {
        return chart(title, true, points, horizontal, vertical);
    }

    private String chart(String title, Function<RunResult, List<double[]>> points, String horizontal, String vertical) {
        return chart(title, false, points, horizontal, vertical);
    }

    private String chart(
            String title,
            boolean ratios,
            Function<RunResult, List<double[]>> points,
            String horizontal,
            String vertical) {
        List<Curve> curves = variants.stream()
                .map(variant -> Curve.of(variant, results.of(variant), points))
                .toList();
        return new CurveChart(title, ratios, variants, curves).markup(horizontal, vertical);
    }

    private static Function<RunResult, List<double[]>> evaluations(
            ToDoubleFunction<Evaluation> horizontal, ToDoubleFunction<Evaluation> vertical) {
        return run -> run.metrics().evaluations().stream()
                .map(point -> new double[] {horizontal.applyAsDouble(point), vertical.applyAsDouble(point)})
                .toList();
    }

    /** Nothing for dense runs, whose MaxVio is written as 0. */
    private static Function<RunResult, List<double[]>> sparse(Function<RunResult, List<double[]>> points) {
        return run -> run.loadShares().isEmpty() ? List.of() : points.apply(run);
    }

    private static Function<RunResult, List<double[]>> means(ToDoubleFunction<Step> value) {
        return run -> thinned(
                run.metrics(),
                part -> part.stream().mapToDouble(value).average().orElse(Double.NaN));
    }

    private static Function<RunResult, List<double[]>> largest(ToDoubleFunction<Step> value) {
        return run -> thinned(
                run.metrics(), part -> part.stream().mapToDouble(value).max().orElse(Double.NaN));
    }

    /** One point of equal many steps each, few enough for a small chart. */
    private static List<double[]> thinned(RunMetrics metrics, ToDoubleFunction<List<Step>> value) {
        List<Step> steps = metrics.steps();
        int run = Math.max(1, (steps.size() + MOST_POINTS - 1) / MOST_POINTS);
        List<double[]> points = new ArrayList<>();
        for (int from = 0; from < steps.size(); from += run) {
            List<Step> part = steps.subList(from, Math.min(steps.size(), from + run));
            points.add(new double[] {part.get(part.size() - 1).step(), value.applyAsDouble(part)});
        }
        return points;
    }
}
