package io.hashlayers.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.train.RunConfig;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import scala.reflect.ClassTag$;

class DenseNetworkTest {
    private static final int VOCABULARY = 17;
    private static final int SEQUENCES = 3;
    private static final int ROWS = SEQUENCES * SmallRun.CONTEXT;

    private final int[] tokens = new int[ROWS];
    private final int[] targets = new int[ROWS];

    DenseNetworkTest() {
        var random = new SplittableRandom(3);
        Arrays.setAll(tokens, row -> random.nextInt(VOCABULARY));
        Arrays.setAll(targets, row -> random.nextInt(VOCABULARY));
    }

    @Test
    void startsFromOurFirstValues() {
        MultiLayerNetwork network = DenseNetwork.forTraining(run(Activation.GELU));
        OurModel ours = ours(Activation.GELU);

        assertThat(network.numParams()).isEqualTo(ours.parameters.layout().denseParameters());
        assertThat((network.score(batch(tokens, targets)) - decay(network)) / SmallRun.CONTEXT)
                .isCloseTo(ours.loss(tokens, targets), within(1e-5));
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void lossAndGradientsAreThoseOfOurModel(Activation activation) {
        OurModel ours = ours(activation);
        ours.disturb(1);
        MultiLayerNetwork network = evaluated(ours, activation);
        double loss = ours.forwardBackward(tokens, targets);

        DataSet batch = batch(tokens, targets);
        network.setInput(batch.getFeatures());
        network.setLabels(batch.getLabels());
        network.computeGradientAndScore(LayerWorkspaceMgr.noWorkspaces());

        assertThat(network.score() / SmallRun.CONTEXT).isCloseTo(loss, within(1e-4 * loss));
        for (Parameter tensor : ours.parameters.dense().parameters()) {
            INDArray expected = ours.gradient(tensor);
            INDArray actual = network.gradient()
                    .getGradientFor("0_" + LanguageModelLayer.key(tensor.name()))
                    .div(ROWS); // the updater divides by the sequences
            assertThat(actual.sub(expected).norm2Number().doubleValue())
                    .as(tensor.name())
                    .isLessThan(1e-4 * expected.norm2Number().doubleValue() + 1e-6);
        }
    }

    @Test
    void laterTokensDoNotChangeEarlierLogits() {
        OurModel ours = ours(Activation.GELU);
        ours.disturb(2);
        MultiLayerNetwork network = evaluated(ours, Activation.GELU);
        int changed = 5; // in the second sequence
        int[] others = tokens.clone();
        others[SmallRun.CONTEXT + changed] = (others[SmallRun.CONTEXT + changed] + 1) % VOCABULARY;

        INDArray before = network.output(batch(tokens, targets).getFeatures());
        INDArray after = network.output(batch(others, targets).getFeatures());

        for (int row = 0; row < ROWS; row++) {
            int position = row - SmallRun.CONTEXT;
            boolean sees = position >= changed && position < SmallRun.CONTEXT;
            double difference =
                    after.getRow(row).sub(before.getRow(row)).normmaxNumber().doubleValue();
            assertThat(difference > 1e-3)
                    .as("row " + row + " differs by " + difference)
                    .isEqualTo(sees);
            assertThat(sees || difference < 1e-6)
                    .as("row " + row + " differs by " + difference)
                    .isTrue();
        }
    }

    @Test
    void survivesKryoAndJson() {
        MultiLayerNetwork network = DenseNetwork.forTraining(run(Activation.RELU));
        SparkConf conf = new SparkConf(false).set("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        SerializerInstance kryo = new KryoSerializer(conf).newInstance();
        var configuration = ClassTag$.MODULE$.<MultiLayerConfiguration>apply(MultiLayerConfiguration.class);
        MultiLayerConfiguration shipped =
                kryo.deserialize(kryo.serialize(network.getLayerWiseConfigurations(), configuration), configuration);

        for (MultiLayerConfiguration copy :
                new MultiLayerConfiguration[] {shipped, MultiLayerConfiguration.fromJson(shipped.toJson())}) {
            var again = new MultiLayerNetwork(copy.clone());
            again.init(network.params().dup(), false);
            DataSet batch = batch(tokens, targets);
            assertThat(again.score(batch)).isEqualTo(network.score(batch));
            again.fit(batch);
            MultiLayerNetwork original = DenseNetwork.forTraining(run(Activation.RELU));
            original.fit(batch);
            assertThat(again.params()).isEqualTo(original.params());
        }
    }

    private static MultiLayerNetwork evaluated(OurModel ours, Activation activation) {
        MultiLayerNetwork values = DenseNetwork.forTraining(run(activation));
        ours.copyTo(values);
        return DenseNetwork.forEvaluation(run(activation), values.params());
    }

    /** What Deeplearning4j adds to the score for weight decay. */
    private static double decay(MultiLayerNetwork network) {
        return network.calcRegularizationScore(true) / SEQUENCES;
    }

    private OurModel ours(Activation activation) {
        return new OurModel(SmallRun.model(VOCABULARY, activation), SEQUENCES, SmallRun.SEED);
    }

    private static RunConfig run(Activation activation) {
        return SmallRun.run("", "", SmallRun.model(VOCABULARY, activation), 10, 0);
    }

    private static DataSet batch(int[] tokens, int[] targets) {
        return new DataSet(floats(tokens), floats(targets));
    }

    private static INDArray floats(int[] ids) {
        float[] floats = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            floats[i] = ids[i];
        }
        return Nd4j.create(floats, new long[] {SEQUENCES, SmallRun.CONTEXT}, 'c');
    }
}
