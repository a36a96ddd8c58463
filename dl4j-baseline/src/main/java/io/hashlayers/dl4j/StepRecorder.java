package io.hashlayers.dl4j;

import java.io.Serializable;
import org.apache.spark.util.CollectionAccumulator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** Sits in each worker and sends home what it measures; the master itself knows the loss of the last minibatch alone. */
final class StepRecorder extends BaseTrainingListener implements Serializable {
    private final CollectionAccumulator<WorkerStep> steps;
    private final int sequenceLength;

    /**
     * @param steps receives the measurements
     * @param sequenceLength {@code S}
     */
    StepRecorder(CollectionAccumulator<WorkerStep> steps, int sequenceLength) {
        this.steps = steps;
        this.sequenceLength = sequenceLength;
    }

    /** The gradients are those of the sum over the sequences still, and the parameters those before the update. */
    @Override
    public void onGradientCalculation(Model model) {
        var network = (MultiLayerNetwork) model;
        double sequences = network.batchSize();
        double loss = (network.score() - network.calcRegularizationScore(true) / sequences) / sequenceLength;
        double norm = network.getFlattenedGradients().norm2Number().doubleValue() / sequences / sequenceLength;
        steps.add(new WorkerStep(network.getIterationCount() + 1L, loss, norm));
    }
}
