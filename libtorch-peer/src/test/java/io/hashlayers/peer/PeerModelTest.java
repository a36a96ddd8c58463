package io.hashlayers.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class PeerModelTest {
    private static final int DIM = 8;
    private static final int HIDDEN = 12;
    private static final int HEADS = 2;
    private static final int LENGTH = 5;
    private static final int LAYERS = 2;
    private static final int VOCABULARY = 11;
    private static final int EXPERTS = 3;

    private final SplittableRandom random = new SplittableRandom(4);
    private final Map<String, double[]> loops = new HashMap<>();
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final long[] tokens = random.longs(3 * LENGTH, 0, VOCABULARY).toArray();
    private final long[] targets = random.longs(3 * LENGTH, 0, VOCABULARY).toArray();
    private final long[] table = random.longs(VOCABULARY, 0, EXPERTS).toArray();

    PeerModelTest() {
        put("token_embedding.weight", 0, VOCABULARY, DIM);
        put("position_embedding.weight", 0, LENGTH, DIM);
        norm("final_norm");
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "h." + layer;
            norm(prefix + ".attention_norm");
            linear(prefix + ".attention.qkv", DIM, 3 * DIM);
            linear(prefix + ".attention.projection", DIM, DIM);
            norm(prefix + ".ffn_norm");
            feedForward(prefix + ".ffn");
            IntStream.range(0, EXPERTS).forEach(expert -> feedForward(prefix + ".experts." + expert));
        }
    }

    @Test
    void lossOfADenseModelIsThatOfPlainLoops() {
        assertLoss("RELU", x -> Math.max(x, 0), List.of());
    }

    @Test
    void lossOfASparseModelIsThatOfPlainLoops() {
        DoubleUnaryOperator gelu = x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

        assertLoss("GELU", gelu, List.of(1));
        assertLoss("GELU", gelu, List.of(0, 1));
    }

    @Test
    void missingWeightsAreNamed() {
        tensors.remove("h.1.ffn_norm.bias");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> model("RELU", List.of()).loss())
                .withMessageContaining("h.1.ffn_norm.bias");
    }

    private void assertLoss(String name, DoubleUnaryOperator activation, List<Integer> sparse) {
        double expected =
                new LoopModel(loops, DIM, HEADS, LENGTH, activation).loss(tokens, targets, LAYERS, sparse, table);

        assertThat((double) model(name, sparse).loss().item_float())
                .as("%s, sparse layers %s", name, sparse)
                .isCloseTo(expected, within(1e-5 * expected));
    }

    private PeerModel model(String activation, List<Integer> sparse) {
        ObjectNode config = JsonNodeFactory.instance
                .objectNode()
                .put("modelDim", DIM)
                .put("heads", HEADS)
                .put("contextLength", LENGTH)
                .put("layers", LAYERS)
                .put("activation", activation);
        sparse.forEach(config.putArray("sparseLayers")::add);
        return new PeerModel(config, tensors, new PeerBatch(tokens, targets, table, LENGTH, EXPERTS));
    }

    private void feedForward(String prefix) {
        linear(prefix + ".up", DIM, HIDDEN);
        linear(prefix + ".down", HIDDEN, DIM);
    }

    private void linear(String name, int in, int out) {
        put(name + ".weight", 0, in, out);
        put(name + ".bias", 0, out);
    }

    private void norm(String name) {
        put(name + ".weight", 1, DIM);
        put(name + ".bias", 0, DIM);
    }

    private void put(String name, double mean, long... shape) {
        int size = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        float[] values = new float[size];
        double[] same = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) (mean + 0.5 * random.nextGaussian());
            same[i] = values[i];
        }
        tensors.put(name, Tensor.create(values, shape));
        loops.put(name, same);
    }
}
