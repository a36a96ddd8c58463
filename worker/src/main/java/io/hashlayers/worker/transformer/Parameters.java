package io.hashlayers.worker.transformer;

import io.hashlayers.worker.parameter.FirstValues;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.parameter.TensorSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Predicate;

/**
 * The parameters of one rank: a copy of all dense tensors and the tensors of its own experts, in two flat groups.
 *
 * <p>The experts' group is ordered by layer, then as the rank's experts were given. Not thread-safe.
 */
public final class Parameters {
    private final ParameterLayout layout;
    private final boolean training;
    private final ParameterGroup dense;
    private final ParameterGroup experts;
    private final List<ExpertParameters> localExperts;
    private final Map<String, Parameter> byName = new HashMap<>();

    private Parameters(
            ModelConfig config, IntFunction<int[]> expertsOfLayer, boolean training, FrozenTensors frozenTensors) {
        Predicate<String> frozen = frozenTensors.names();
        this.layout = ParameterLayout.of(config);
        this.training = training;
        var ids = new ArrayList<ExpertId>();
        for (int layer : config.sparseLayers()) {
            for (int expert : expertsOfLayer.apply(layer)) {
                ids.add(new ExpertId(layer, expert));
            }
        }
        this.dense = group(layout.dense(), true, frozen);
        this.experts = group(behindEachOther(ids), false, frozen);
        this.localExperts = split(ids);
        dense.parameters().forEach(parameter -> byName.put(parameter.name(), parameter));
        experts.parameters().forEach(parameter -> byName.put(parameter.name(), parameter));
    }

    private record ExpertId(int layer, int expert) {}

    /**
     * Allocates values and gradients, all 0.
     *
     * @param expertsOfLayer experts of a sparse layer that this rank holds
     */
    public static Parameters forTraining(ModelConfig config, IntFunction<int[]> expertsOfLayer) {
        return forTraining(config, expertsOfLayer, FrozenTensors.NONE);
    }

    /** As {@link #forTraining(ModelConfig, IntFunction)}, with tensors that keep the values that they will be given. */
    public static Parameters forTraining(
            ModelConfig config, IntFunction<int[]> expertsOfLayer, FrozenTensors frozenTensors) {
        return new Parameters(config, expertsOfLayer, true, frozenTensors);
    }

    /** Allocates values alone, all 0; see {@link #forTraining}. */
    public static Parameters forEvaluation(ModelConfig config, IntFunction<int[]> expertsOfLayer) {
        return new Parameters(config, expertsOfLayer, false, FrozenTensors.NONE);
    }

    /**
     * Gives every tensor of this rank its first values. They depend on the seed and the tensor's name alone, so any number
     * of ranks starts from the same model.
     */
    public void initialize(long seed) {
        dense.parameters().forEach(parameter -> FirstValues.draw(parameter, seed));
        experts.parameters().forEach(parameter -> FirstValues.draw(parameter, seed));
    }

    public ParameterLayout layout() {
        return layout;
    }

    /** Whether there are gradients. */
    public boolean training() {
        return training;
    }

    /** The tensors that every rank has. */
    public ParameterGroup dense() {
        return dense;
    }

    /** The tensors of this rank's experts, of all layers. */
    public ParameterGroup experts() {
        return experts;
    }

    /** The experts of this rank, by layer, then as they were given. */
    public List<ExpertParameters> localExperts() {
        return localExperts;
    }

    /** Numbers of this rank's experts of one layer, as they were given. */
    public int[] localExperts(int layer) {
        return localExperts.stream()
                .filter(expert -> expert.layer() == layer)
                .mapToInt(ExpertParameters::expert)
                .toArray();
    }

    /**
     * Returns a tensor of this rank by its name.
     *
     * @throws IllegalArgumentException if this rank has none of that name
     */
    public Parameter get(String name) {
        Parameter parameter = byName.get(name);
        if (parameter == null) {
            throw new IllegalArgumentException("this rank has no tensor " + name);
        }
        return parameter;
    }

    private List<TensorSpec> behindEachOther(List<ExpertId> ids) {
        var specs = new ArrayList<TensorSpec>();
        for (int i = 0; i < ids.size(); i++) {
            long start = i * layout.expertParameters();
            for (TensorSpec spec : layout.expert(ids.get(i).layer(), ids.get(i).expert())) {
                specs.add(spec.at(start + spec.offset()));
            }
        }
        return specs;
    }

    private List<ExpertParameters> split(List<ExpertId> ids) {
        var split = new ArrayList<ExpertParameters>();
        int first = 0;
        for (ExpertId id : ids) {
            int end = first + layout.expert(id.layer(), id.expert()).size(); // more where it is cut into segments
            split.add(new ExpertParameters(
                    id.layer(), id.expert(), experts.parameters().subList(first, end)));
            first = end;
        }
        return List.copyOf(split);
    }

    private ParameterGroup group(List<TensorSpec> specs, boolean shared, Predicate<String> frozen) {
        return training ? ParameterGroup.forTraining(specs, shared, frozen) : ParameterGroup.forEvaluation(specs);
    }
}
