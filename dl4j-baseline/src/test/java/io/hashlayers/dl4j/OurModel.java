package io.hashlayers.dl4j;

import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.KernelChoice;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.GradientsReady;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The worker's own model on one rank, to compare with. */
final class OurModel {
    final Parameters parameters;
    private final Kernels kernels = KernelsFactory.create(KernelChoice.ND4J);
    private final LanguageModel model;
    private final int rows;

    /** A model with the first values of a seed. */
    OurModel(ModelConfig config, int sequences, long seed) {
        this.rows = sequences * config.contextLength();
        this.parameters = Parameters.forTraining(config, layer -> new int[0]);
        parameters.initialize(seed);
        this.model = new LanguageModel(
                parameters,
                kernels,
                LocalCollectives.create(1, Duration.ofSeconds(10)).get(0),
                List.of(),
                Activations.kept(rows, 1),
                seed);
    }

    /** Moves all values away from their first ones, so that biases and norms matter too. */
    void disturb(long seed) {
        var random = new SplittableRandom(seed);
        for (Parameter tensor : parameters.dense().parameters()) {
            Matrix value = tensor.value();
            for (int row = 0; row < value.rows(); row++) {
                for (int col = 0; col < value.cols(); col++) {
                    value.set(row, col, value.get(row, col) + (float) (0.3 * random.nextGaussian()));
                }
            }
        }
    }

    /** Mean of nats. */
    double loss(int[] tokens, int[] targets) {
        return model.loss(tokens, targets) / rows;
    }

    /** Mean of nats; leaves its gradients in the parameters. */
    double forwardBackward(int[] tokens, int[] targets) {
        parameters.dense().clearGradients();
        double nats = model.forwardBackward(1, 0, tokens, targets, 1f / rows, GradientsReady.NOBODY);
        parameters.dense().completeGradients(kernels);
        return nats / rows;
    }

    /** The gradient of a tensor. */
    INDArray gradient(Parameter tensor) {
        return tensor.gradient(kernels).array();
    }

    /** Gives a network of Deeplearning4j these values. */
    void copyTo(MultiLayerNetwork network) {
        for (Parameter tensor : parameters.dense().parameters()) {
            theirs(network, tensor).assign(tensor.value().array());
        }
    }

    /** Takes the values of a network of Deeplearning4j. */
    void copyFrom(MultiLayerNetwork network) {
        for (Parameter tensor : parameters.dense().parameters()) {
            tensor.value().array().assign(theirs(network, tensor));
        }
    }

    private static INDArray theirs(MultiLayerNetwork network, Parameter tensor) {
        return network.getLayer(0).getParam(LanguageModelLayer.key(tensor.name()));
    }
}
