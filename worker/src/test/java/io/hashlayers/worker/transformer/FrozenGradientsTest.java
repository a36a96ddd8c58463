package io.hashlayers.worker.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.router.HashRouter;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left out of a backward pass for frozen tensors changes no other gradient. */
class FrozenGradientsTest {
    private static final Kernels KERNELS = KernelsFactory.best();

    private final Collective alone = Ranks.alone();

    @ParameterizedTest
    @ValueSource(strings = {"h.*", "embeddings", "attention", "experts", "dense-ffn", "norms", "*.weight"})
    void gradientsOfTheOthersHaveTheSameBits(String pattern) {
        SmallModel small = SmallModel.random(SmallModel.config(Activation.GELU, 5, 2), 17);
        Predicate<String> frozen = new FrozenTensors(List.of(pattern)).names();
        Parameters whole = gradients(small, FrozenTensors.NONE);
        Parameters part = gradients(small, new FrozenTensors(List.of(pattern)));

        assertThat(all(part)).anyMatch(Parameter::frozen);
        for (Parameter parameter : all(part)) {
            assertThat(parameter.frozen()).isEqualTo(frozen.test(parameter.name()));
            if (!parameter.frozen()) {
                assertThat(TestRank.elements(parameter.gradient(KERNELS)))
                        .as(parameter.name())
                        .isEqualTo(TestRank.elements(whole.get(parameter.name()).gradient(KERNELS)));
            }
        }
    }

    private Parameters gradients(SmallModel small, FrozenTensors frozen) {
        ExpertPlacement placement = ExpertPlacement.roundRobin(5, 1);
        TestRank rank = new TestRank(small, placement, alone, KERNELS);
        Parameters parameters = Parameters.forTraining(small.config(), layer -> placement.expertsOf(0), frozen);
        TestRank.load(small, parameters);
        parameters.dense().clearGradients();
        parameters.experts().clearGradients();
        HashRouter router = new HashRouter();
        router.follow(rank.plan);
        var activations = Activations.kept(rank.tokens.length, rank.receiveCapacity);
        new LanguageModel(parameters, KERNELS, alone, List.of(router), activations, TestRank.SEED)
                .forwardBackward(1, 0, rank.tokens, rank.targets, rank.gradientScale, GradientsReady.NOBODY);
        return parameters;
    }

    private static List<Parameter> all(Parameters parameters) {
        return Stream.of(parameters.dense(), parameters.experts())
                .flatMap(group -> group.parameters().stream())
                .toList();
    }
}
