package io.hashlayers.dl4j;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import io.hashlayers.worker.transformer.Parameters;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.samediff.SDLayerParams;
import org.deeplearning4j.nn.conf.layers.samediff.SameDiffOutputLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The whole dense model as one layer of Deeplearning4j, which is the only way there to tie the head to the embedding: layers
 * cannot share a tensor.
 *
 * <p>Input and labels are token ids as floats, [B, S], the labels one further on. Its parameters are our dense tensors under
 * nearly the same names, matrices as weights (they decay) and the others as biases (they do not), and start with our first
 * values for the same seed.
 *
 * <p>The loss is the sum of nats, and Deeplearning4j divides it and its gradients by B: so a score is the loss of a sequence, S
 * times that of a token. It cannot be divided by S in the graph, since the gradient of SameDiff's sparse cross-entropy ignores
 * what is done with its result.
 *
 * <p>Deeplearning4j keeps such a configuration as JSON and Spark ships it by Kryo, both by its fields; so these are of plain types.
 */
final class LanguageModelLayer extends SameDiffOutputLayer {
    private static final String LOGITS = "logits";

    @JsonProperty
    private int vocabularySize;

    @JsonProperty
    private int contextLength;

    @JsonProperty
    private int layers;

    @JsonProperty
    private int modelDim;

    @JsonProperty
    private int ffnDim;

    @JsonProperty
    private int heads;

    @JsonProperty
    private Activation activation = Activation.GELU;

    @JsonProperty
    private long seed;

    /** For Jackson and Kryo. */
    LanguageModelLayer() {}

    /**
     * @param model a dense one without dropout
     * @param seed of first values
     */
    LanguageModelLayer(ModelConfig model, long seed) {
        if (!model.sparseLayers().isEmpty() || model.dropout() > 0) {
            throw new IllegalArgumentException("only dense models without dropout are made here, not " + model);
        }
        this.vocabularySize = model.vocabularySize();
        this.contextLength = model.contextLength();
        this.layers = model.layers();
        this.modelDim = model.modelDim();
        this.ffnDim = model.ffnDim();
        this.heads = model.heads();
        this.activation = model.activation();
        this.seed = seed;
    }

    /** Deeplearning4j's name of a tensor of ours. It splits names at underscores. */
    static String key(String tensor) {
        return tensor.replace('_', '-');
    }

    @Override
    public void defineParameters(SDLayerParams params) {
        for (TensorSpec tensor : ParameterLayout.of(model()).dense()) {
            if (tensor.decay()) {
                params.addWeightParam(key(tensor.name()), tensor.rows(), tensor.cols());
            } else {
                params.addBiasParam(key(tensor.name()), tensor.rows(), tensor.cols());
            }
        }
    }

    @Override
    public void initializeParameters(Map<String, INDArray> params) {
        Parameters first = Parameters.forEvaluation(model(), layer -> new int[0]);
        first.initialize(seed);
        for (Parameter tensor : first.dense().parameters()) {
            Objects.requireNonNull(params.get(key(tensor.name())), tensor.name())
                    .assign(tensor.value().array());
        }
    }

    @Override
    public SDVariable defineLayer(
            SameDiff graph, SDVariable embedded, @Nullable SDVariable targets, Map<String, SDVariable> parameters) {
        var byName = new HashMap<String, SDVariable>();
        for (TensorSpec tensor : ParameterLayout.of(model()).dense()) {
            byName.put(tensor.name(), Objects.requireNonNull(parameters.get(key(tensor.name())), tensor.name()));
        }
        var transformer = new TransformerGraph(graph, model(), byName);
        SDVariable logits = transformer.logits(embedded);
        logits.rename(LOGITS);
        SDVariable nats = transformer.nats(logits, Objects.requireNonNull(targets));
        graph.setLossVariables(nats);
        return nats;
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType dataType) {
        var layer = new EmbeddingOutputLayer(conf, dataType, key(TransformerGraph.TOKEN_EMBEDDING));
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(initializer().init(conf, parameters, initialize));
        return layer;
    }

    @Override
    public InputType getOutputType(int layerIndex, InputType inputType) {
        return InputType.feedForward(vocabularySize);
    }

    @Override
    public String activationsVertexName() {
        return LOGITS;
    }

    private ModelConfig model() {
        return new ModelConfig(
                vocabularySize,
                contextLength,
                layers,
                modelDim,
                ffnDim,
                heads,
                activation,
                0,
                MixtureConfig.hash(List.of(), 1, 1));
    }
}
