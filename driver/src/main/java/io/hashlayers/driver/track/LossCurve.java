package io.hashlayers.driver.track;

import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** The loss of a run over its steps as a small picture: training as a line, evaluations as dots. */
final class LossCurve {
    static final String NAME = "loss.svg";

    private static final int MOST_POINTS = 400;
    private static final int MOST_TICKS = 8;
    private static final String TRAINING_COLOR = "#1f77b4";
    private static final String EVALUATION_COLOR = "#d62728";

    private final List<Point> training = new ArrayList<>();
    private final List<Point> evaluations = new ArrayList<>();
    private String split = "";

    private record Point(double step, double loss) {}

    void add(StepMetrics metrics) {
        addStep(metrics.step(), metrics.loss());
    }

    void add(EvaluationMetrics metrics) {
        addEvaluation(metrics.step(), metrics.nats() / metrics.tokens(), metrics.split());
    }

    void addStep(long step, double loss) {
        add(new Point(step, loss), training);
    }

    void addEvaluation(long step, double loss, String ofSplit) {
        add(new Point(step, loss), evaluations);
        split = ofSplit;
    }

    private static void add(Point point, List<Point> points) {
        if (Double.isFinite(point.loss)) {
            points.add(point);
        }
    }

    /** Draws what was added so far as an SVG document. */
    String svg() {
        List<Point> line = thinned();
        Axis steps = Axis.covering(0, values(line, evaluations, true).max().orElse(1), MOST_TICKS);
        Axis losses = Axis.covering(
                values(line, evaluations, false).min().orElse(0),
                values(line, evaluations, false).max().orElse(1),
                MOST_TICKS);
        Chart chart = new Chart(steps, losses);
        chart.axes("step", "loss (nats per token)");
        chart.line(
                line.stream()
                        .map(point -> new double[] {point.step, point.loss})
                        .toList(),
                TRAINING_COLOR);
        for (Point point : evaluations) {
            chart.dot(point.step, point.loss, EVALUATION_COLOR);
        }
        chart.legend(0, "training", TRAINING_COLOR);
        if (!evaluations.isEmpty()) {
            chart.legend(1, split, EVALUATION_COLOR);
        }
        return chart.svg();
    }

    /** Means of equal runs of steps, few enough for a small picture. */
    private List<Point> thinned() {
        int run = Math.max(1, (training.size() + MOST_POINTS - 1) / MOST_POINTS);
        List<Point> means = new ArrayList<>();
        for (int from = 0; from < training.size(); from += run) {
            List<Point> part = training.subList(from, Math.min(training.size(), from + run));
            means.add(new Point(
                    part.stream().collect(Collectors.averagingDouble(Point::step)),
                    part.stream().collect(Collectors.averagingDouble(Point::loss))));
        }
        return means;
    }

    private static DoubleStream values(List<Point> line, List<Point> dots, boolean steps) {
        return Stream.concat(line.stream(), dots.stream()).mapToDouble(point -> steps ? point.step : point.loss);
    }
}
