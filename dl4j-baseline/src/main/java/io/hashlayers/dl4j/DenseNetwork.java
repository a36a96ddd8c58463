package io.hashlayers.dl4j;

import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

/**
 * The model and its optimizer as a network of Deeplearning4j: Adam with decoupled weight decay and our learning rates, gradients
 * clipped by their norm over all parameters, which are one layer there.
 *
 * <p>Its gradients are S times ours, see {@link LanguageModelLayer}; with S times the limit of clipping and S times epsilon its
 * steps are those of ours.
 */
final class DenseNetwork {
    private DenseNetwork() {}

    /** A network to be trained, with first values. */
    static MultiLayerNetwork forTraining(RunConfig run) {
        var network = new MultiLayerNetwork(configuration(run, run.optimizer().weightDecay()));
        network.init();
        return network;
    }

    /**
     * A network whose score is the loss alone; with weight decay Deeplearning4j would add a term for it.
     *
     * @param parameters of another network of the same run, which are copied
     */
    static MultiLayerNetwork forEvaluation(RunConfig run, INDArray parameters) {
        var network = new MultiLayerNetwork(configuration(run, 0));
        network.init(parameters, true);
        return network;
    }

    private static MultiLayerConfiguration configuration(RunConfig run, double weightDecay) {
        ModelConfig model = run.model();
        OptimizerConfig optimizer = run.optimizer();
        boolean clips = optimizer.clipNorm() > 0;
        return new NeuralNetConfiguration.Builder()
                .seed(run.train().seed())
                .updater(Adam.builder()
                        .learningRateSchedule(
                                new RateSchedule(optimizer, run.train().steps()))
                        .beta1(optimizer.beta1())
                        .beta2(optimizer.beta2())
                        .epsilon(optimizer.epsilon() * model.contextLength())
                        .build())
                .weightDecay(weightDecay, true)
                .gradientNormalization(clips ? GradientNormalization.ClipL2PerLayer : GradientNormalization.None)
                .gradientNormalizationThreshold(clips ? optimizer.clipNorm() * model.contextLength() : 1)
                .list()
                .layer(new LanguageModelLayer(model, run.train().seed()))
                .build();
    }
}
