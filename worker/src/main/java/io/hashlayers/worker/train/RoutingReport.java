package io.hashlayers.worker.train;

import io.hashlayers.worker.router.RouterStatistics;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Makes of the sums of {@link LanguageModel#takeStatistics}, over all ranks, what a run tells of its layers of experts. */
final class RoutingReport {
    private final List<Integer> layers;
    private final int numExperts;
    private final int batches; // of a step, whose balance losses are added up
    private final double[] step; // sums of the last step
    private final double[] loads; // rows of each layer and expert since the last restart

    /**
     * @param batches micro-batches of a step
     */
    RoutingReport(ModelConfig model, int batches) {
        this.layers = model.sparseLayers();
        this.numExperts = model.numExperts();
        this.batches = batches;
        this.step = new double[LanguageModel.statisticsSize(model)];
        this.loads = new double[layers.size() * numExperts];
    }

    /** Reads the sums of a step. */
    void read(double[] sums, int offset) {
        System.arraycopy(sums, offset, step, 0, step.length);
        for (int layer = 0; layer < layers.size(); layer++) {
            for (int expert = 0; expert < numExperts; expert++) {
                loads[layer * numExperts + expert] += step[start(layer) + expert];
            }
        }
    }

    /** See {@link StepMetrics#maxVio}. */
    double maxVio() {
        double sum = 0;
        for (int layer = 0; layer < layers.size(); layer++) {
            sum += maxVio(layer);
        }
        return layers.isEmpty() ? 0 : sum / layers.size();
    }

    /** Share of the choices of all layers in the last step that were beyond the capacity of their expert. */
    double dropped() {
        double choices = 0;
        double dropped = 0;
        for (int layer = 0; layer < layers.size(); layer++) {
            choices += step[start(layer) + numExperts + RouterStatistics.CHOICES];
            dropped += step[start(layer) + numExperts + RouterStatistics.DROPPED];
        }
        return ratio(dropped, choices);
    }

    /** What the layers did in the last step. */
    List<RoutingMetrics> layers() {
        return IntStream.range(0, layers.size()).mapToObj(this::layer).toList();
    }

    /** Rows of each expert of each layer since they were last taken. */
    List<List<Long>> loads() {
        return IntStream.range(0, layers.size())
                .mapToObj(layer -> Arrays.stream(loads, layer * numExperts, (layer + 1) * numExperts)
                        .mapToObj(Math::round)
                        .toList())
                .toList();
    }

    /** Goes on with loads that {@link #loads} returned, of the same layers. */
    void restore(List<List<Long>> saved) {
        for (int layer = 0; layer < saved.size(); layer++) {
            for (int expert = 0; expert < numExperts; expert++) {
                loads[layer * numExperts + expert] = saved.get(layer).get(expert);
            }
        }
    }

    /** Returns the rows of each expert since this was last called. */
    List<ExpertLoads> takeLoads() {
        List<List<Long>> rows = loads();
        List<ExpertLoads> taken = IntStream.range(0, layers.size())
                .mapToObj(layer -> new ExpertLoads(layers.get(layer), rows.get(layer)))
                .toList();
        Arrays.fill(loads, 0);
        return taken;
    }

    private RoutingMetrics layer(int layer) {
        int at = start(layer) + numExperts;
        double choices = step[at + RouterStatistics.CHOICES];
        double dropped = step[at + RouterStatistics.DROPPED];
        double assignments = step[at + RouterStatistics.ASSIGNMENTS];
        return new RoutingMetrics(
                layers.get(layer),
                maxVio(layer),
                ratio(dropped, choices),
                ratio(step[at + RouterStatistics.GATES], choices - dropped),
                step[at + RouterStatistics.BALANCE] / batches,
                ratio(step[at + RouterStatistics.ROUNDS], assignments));
    }

    private double maxVio(int layer) {
        double total = 0;
        double most = 0;
        for (int i = start(layer); i < start(layer) + numExperts; i++) {
            total += step[i];
            most = Math.max(most, step[i]);
        }
        return total == 0 ? 0 : most * numExperts / total - 1;
    }

    private int start(int layer) {
        return layer * (numExperts + RouterStatistics.SIZE);
    }

    private static double ratio(double part, double whole) {
        return whole == 0 ? 0 : part / whole;
    }
}
