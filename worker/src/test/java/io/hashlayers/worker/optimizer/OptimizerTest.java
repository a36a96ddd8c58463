package io.hashlayers.worker.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Ranks;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OptimizerTest {
    private static final String MATRIX = "token_embedding.weight";
    private static final String BIAS = "h.0.attention.qkv.bias";
    private static final double EPSILON = 1e-8;

    private static final Kernels KERNELS = KernelsFactory.best();

    private final Collective alone = Ranks.alone();

    /** The ranks share four experts. */
    private static Parameters parameters(Collective collective) {
        var config = new ModelConfig(5, 2, 1, 4, 6, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(0), 4, 1));
        return Parameters.forTraining(config, layer -> ExpertPlacement.roundRobin(4, collective.worldSize())
                .expertsOf(collective.rank()));
    }

    private static Optimizer optimizer(Parameters parameters, double weightDecay, double clip, Collective collective) {
        var config = new OptimizerConfig(0.1, 0, Schedule.CONSTANT, 1, 0.9, 0.99, EPSILON, weightDecay, clip);
        return new Optimizer(config, 10, parameters.dense(), parameters.experts(), KERNELS, collective);
    }

    private static double step(Optimizer optimizer, long step) {
        double norm = optimizer.reduceGradients(new double[0]);
        optimizer.update(step, norm);
        return norm;
    }

    /** A moment of a tensor, gathered from all ranks, which call it together; valid until the next one. */
    private static Matrix moment(Parameters parameters, Optimizer optimizer, Moment.Kind kind, String name) {
        Stream.of(optimizer.denseMoments(), optimizer.expertMoments())
                .flatMap(List::stream)
                .filter(moment -> moment.kind() == kind)
                .forEach(Moment::gather);
        return parameters.get(name).gradientMemory();
    }

    private static float firstMoment(Parameters parameters, Optimizer optimizer, String name, int col) {
        return moment(parameters, optimizer, Moment.Kind.FIRST, name).get(0, col);
    }

    private static void setGradient(Parameters parameters, String name, double first, double second) {
        parameters.get(name).gradient(KERNELS).set(0, 0, (float) first);
        parameters.get(name).gradient(KERNELS).set(0, 1, (float) second);
    }

    @Test
    void firstStepMovesByTheRateAgainstTheSignOfTheGradient() {
        Parameters parameters = parameters(alone);
        setGradient(parameters, MATRIX, 3, -0.5);

        Optimizer optimizer = optimizer(parameters, 0, 0, alone);
        step(optimizer, 1);

        // m / c1 = g and v / c2 = g^2, so the step is rate g / (|g| + epsilon).
        Parameter matrix = parameters.get(MATRIX);
        assertThat(matrix.value().get(0, 0)).isCloseTo(-0.1f, within(1e-6f));
        assertThat(matrix.value().get(0, 1)).isCloseTo(0.1f, within(1e-6f));
        assertThat(matrix.value().get(0, 2)).isZero();
        assertThat(firstMoment(parameters, optimizer, MATRIX, 0)).isCloseTo(0.3f, within(1e-6f));
        assertThat(moment(parameters, optimizer, Moment.Kind.SECOND, MATRIX).get(0, 0))
                .isCloseTo(0.09f, within(1e-6f));
    }

    @Test
    void aParameterWithoutGradientMovesOnByItsMoments() {
        Parameters parameters = parameters(alone);
        Optimizer optimizer = optimizer(parameters, 0, 0, alone);
        String expert = "h.0.experts.3.up.weight";
        setGradient(parameters, expert, 2, 0);
        step(optimizer, 1);

        step(optimizer, 2);

        // m = 0.9 * 0.2 over 1 - 0.9^2 = 0.19; v = 0.99 * 0.04 over 1 - 0.99^2 = 0.0199
        double expected = -0.1 - 0.1 * (0.18 / 0.19) / Math.sqrt(0.0396 / 0.0199);
        assertThat((double) parameters.get(expert).value().get(0, 0)).isCloseTo(expected, within(1e-6));
    }

    @Test
    void onlyMatricesDecay() {
        Parameters parameters = parameters(alone);
        parameters.get(MATRIX).value().set(0, 0, 2);
        parameters.get(BIAS).value().set(0, 0, 2);

        step(optimizer(parameters, 0.25, 0, alone), 1);

        assertThat(parameters.get(MATRIX).value().get(0, 0)).isCloseTo(2 - 0.1f * 0.25f * 2, within(1e-6f));
        assertThat(parameters.get(BIAS).value().get(0, 0)).isEqualTo(2);
    }

    @Test
    void gradientsAreZeroBehindAStep() {
        Parameters parameters = parameters(alone);
        setGradient(parameters, MATRIX, 3, 4);

        step(optimizer(parameters, 0, 0, alone), 1);

        assertThat(parameters.get(MATRIX).gradient(KERNELS).get(0, 0)).isZero();
        assertThat(parameters.get(MATRIX).gradient(KERNELS).get(0, 1)).isZero();
    }

    @Test
    void aNormAboveTheLimitScalesEveryGradientByTheSameFactor() {
        Parameters parameters = parameters(alone);
        setGradient(parameters, MATRIX, 3, 0);
        setGradient(parameters, "h.0.experts.1.down.bias", 0, 4);

        Optimizer optimizer = optimizer(parameters, 0, 2, alone);
        double norm = step(optimizer, 1);

        assertThat(norm).isCloseTo(5, within(1e-6));
        assertThat(firstMoment(parameters, optimizer, MATRIX, 0)).isCloseTo(0.1f * 3 * 0.4f, within(1e-6f));
        assertThat(firstMoment(parameters, optimizer, "h.0.experts.1.down.bias", 1))
                .isCloseTo(0.1f * 4 * 0.4f, within(1e-6f));
    }

    @Test
    void aNormWithinTheLimitScalesNothing() {
        Parameters parameters = parameters(alone);
        setGradient(parameters, MATRIX, 3, 4);

        Optimizer optimizer = optimizer(parameters, 0, 5.5, alone);
        step(optimizer, 1);

        assertThat(firstMoment(parameters, optimizer, MATRIX, 0)).isCloseTo(0.3f, within(1e-6f));
    }

    @Test
    void theNormCountsSummedDenseGradientsOnceAndTheExpertsOfAllRanks() {
        List<Double> norms = Ranks.run(2, collective -> {
            Parameters parameters = parameters(collective);
            setGradient(parameters, MATRIX, 1 + collective.rank(), 0); // 3 in sum
            setGradient(parameters, "h.0.experts." + collective.rank() + ".up.bias", 4, collective.rank() * 12);
            Optimizer optimizer = optimizer(parameters, 0, 0, collective);
            double norm = step(optimizer, 1);
            assertThat(firstMoment(parameters, optimizer, MATRIX, 0)).isCloseTo(0.3f, within(1e-6f));
            return norm;
        });

        // 3^2 + 4^2 + 4^2 + 12^2
        assertThat(norms.get(0)).isCloseTo(Math.sqrt(185), within(1e-6));
        assertThat(norms.get(1)).isEqualTo(norms.get(0));
    }

    @Test
    void ranksThatShareTheOptimizerOfAReplicaUpdateAllOfIt() {
        Parameters whole = parameters(alone);
        Optimizer of = optimizer(whole, 0.1, 0, alone);
        for (int step = 1; step <= 3; step++) {
            fillGradients(whole, step, 1);
            step(of, step);
        }

        for (int worldSize : new int[] {2, 3}) {
            Ranks.run(worldSize, collective -> {
                Parameters replica = parameters(collective);
                Optimizer shared = optimizer(replica, 0.1, 0, collective);
                for (int step = 1; step <= 3; step++) {
                    fillGradients(replica, step, worldSize);
                    step(shared, step);
                }
                for (int i = 0; i < replica.dense().parameters().size(); i++) {
                    Parameter expected = whole.dense().parameters().get(i);
                    Parameter actual = replica.dense().parameters().get(i);
                    for (int col = 0; col < expected.spec().cols(); col++) {
                        assertThat(actual.value().get(0, col))
                                .as("%s[%d]", actual.name(), col)
                                .isCloseTo(expected.value().get(0, col), within(1e-6f));
                    }
                }
                return replica;
            });
        }
    }

    /** Gives every dense gradient a value of its own, in equal parts to the ranks. */
    private static void fillGradients(Parameters parameters, int step, int worldSize) {
        for (Parameter parameter : parameters.dense().parameters()) {
            Matrix gradient = parameter.gradient(KERNELS);
            for (int i = 0; i < gradient.size(); i++) {
                double value = Math.sin((double) (parameter.spec().offset() + i + step)) / worldSize;
                gradient.set(i / gradient.cols(), i % gradient.cols(), (float) value);
            }
        }
    }

    @Test
    void aNormThatIsNotANumberStopsTheRunBeforeTheParametersMove() {
        Parameters parameters = parameters(alone);
        setGradient(parameters, MATRIX, Double.NaN, 1);

        assertThatThrownBy(() -> step(optimizer(parameters, 0, 1, alone), 7))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DIVERGED))
                .hasMessage("the gradient norm of step 7 is NaN; lower optimizer.learning-rate, or raise"
                        + " optimizer.warmup-steps");
        assertThat(parameters.get(MATRIX).value().get(0, 1)).isZero();
    }
}
