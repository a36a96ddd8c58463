package io.hashlayers.worker.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Ranks;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Frozen tensors against an optimizer that knows nothing of freezing, but gets gradients of 0 for them and has its values set back.
 */
class FrozenParametersTest {
    private static final Kernels KERNELS = KernelsFactory.best();
    private static final int STEPS = 3;

    /** The dense group is three pieces, so that tensors are cut by pieces and by the shares of ranks. */
    private static final ModelConfig MODEL =
            new ModelConfig(900, 50, 2, 64, 128, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(1), 4, 1));

    private static final OptimizerConfig CONFIG =
            new OptimizerConfig(0.1, 0, Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0.2, 0.5);

    private static Parameters parameters(Collective collective, FrozenTensors frozen) {
        Parameters parameters = Parameters.forTraining(
                MODEL,
                layer -> ExpertPlacement.roundRobin(4, collective.worldSize()).expertsOf(collective.rank()),
                frozen);
        parameters.initialize(5);
        return parameters;
    }

    private static List<Parameter> all(Parameters parameters) {
        return Stream.of(parameters.dense(), parameters.experts())
                .flatMap(group -> group.parameters().stream())
                .toList();
    }

    @ParameterizedTest(name = "{0} frozen on {1} ranks")
    @CsvSource({
        "h.*,            1",
        "h.*,            2",
        "embeddings,     3",
        "*.bias,         2",
        "experts,        2",
        "*.up.*,         3",
        "pos*,           1",
        "final_norm.*,   2"
    })
    void theyKeepTheirBitsAndTheOthersDoNotKnowOfThem(String pattern, int worldSize) {
        FrozenTensors frozen = new FrozenTensors(List.of(pattern));
        Ranks.run(worldSize, collective -> {
            Parameters actual = parameters(collective, frozen);
            Parameters expected = parameters(collective, FrozenTensors.NONE);
            Optimizer optimizer = optimizer(actual, collective);
            Optimizer other = optimizer(expected, collective);
            for (int step = 1; step <= STEPS; step++) {
                fillGradients(actual, step, worldSize, name -> false);
                fillGradients(expected, step, worldSize, frozen.names());
                double norm = optimizer.reduceGradients(new double[0]);
                double reference = other.reduceGradients(new double[0]);
                assertThat(norm).isCloseTo(reference, within(1e-9 * reference)).isGreaterThan(CONFIG.clipNorm());
                optimizer.update(step, reference);
                other.update(step, reference);
            }
            requireEqual(actual, expected, parameters(collective, FrozenTensors.NONE), frozen.names());
            return norms(optimizer, actual, frozen.names());
        });
    }

    private static Optimizer optimizer(Parameters parameters, Collective collective) {
        return new Optimizer(CONFIG, STEPS, parameters.dense(), parameters.experts(), KERNELS, collective);
    }

    /** Gives every gradient a value of its own, in equal parts to the ranks if all have it. */
    private static void fillGradients(Parameters parameters, int step, int worldSize, Predicate<String> zero) {
        for (Parameter parameter : all(parameters)) {
            boolean expert = parameter.name().contains("experts");
            Matrix gradient = parameter.gradient(KERNELS);
            int start = parameter.name().hashCode() % 1000;
            for (int i = 0; i < gradient.size(); i++) {
                double value = zero.test(parameter.name()) ? 0 : Math.sin(start + i + step) / (expert ? 1 : worldSize);
                gradient.set(i / gradient.cols(), i % gradient.cols(), (float) value);
            }
        }
    }

    private static void requireEqual(
            Parameters actual, Parameters expected, Parameters first, Predicate<String> frozen) {
        boolean some = false;
        for (Parameter parameter : all(actual)) {
            boolean kept = frozen.test(parameter.name());
            some |= kept;
            Matrix reference = (kept ? first : expected).get(parameter.name()).value();
            for (int i = 0; i < reference.size(); i++) {
                assertThat(parameter.value().get(i / reference.cols(), i % reference.cols()))
                        .as("%s[%d]", parameter.name(), i)
                        .isEqualTo(reference.get(i / reference.cols(), i % reference.cols()));
            }
        }
        assertThat(some).isTrue();
    }

    /** Moments of frozen tensors stay 0, and those of the others do not. */
    private static boolean norms(Optimizer optimizer, Parameters parameters, Predicate<String> frozen) {
        for (Moment.Kind kind : Moment.Kind.values()) {
            Stream.of(optimizer.denseMoments(), optimizer.expertMoments())
                    .flatMap(List::stream)
                    .filter(moment -> moment.kind() == kind)
                    .forEach(Moment::gather);
            for (Parameter parameter : all(parameters)) {
                double sum = KERNELS.sumOfSquares(parameter.gradientMemory());
                assertThat(sum == 0)
                        .as("%s moment of %s", kind, parameter.name())
                        .isEqualTo(frozen.test(parameter.name()));
            }
        }
        return true;
    }
}
