package io.hashlayers.worker.transfer;

import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import io.hashlayers.worker.parameter.TensorSpec;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import io.hashlayers.worker.transformer.Parameters;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which tensors of a model begin as which tensors of a saved one.
 *
 * <p>A tensor that the saved model has, too, is taken. Where the model has a layer of experts and the saved one a dense
 * feed-forward network, every expert begins as a copy of that (sparse upcycling, Komatsuzaki et al. 2022, arXiv 2212.05055), so a
 * layer whose weights of a token's experts sum up to 1 computes what the dense one did; of experts in segments, every segment
 * begins as its columns of that. All others keep their own first values: routers, shared experts.
 */
public final class ModelTransfer {
    private final Map<String, Columns> sources; // of tensors by their names, in the order of the model
    private final List<Integer> upcycledLayers;
    private final List<String> begunAnew;
    private final List<String> leftOut;

    /**
     * Where the values of a tensor come from.
     *
     * @param tensor of the saved model
     * @param width its columns
     * @param first of them that is one of the tensor's
     */
    private record Columns(String tensor, int width, int first) {
        static Columns all(TensorSpec tensor) {
            return new Columns(tensor.name(), tensor.cols(), 0);
        }
    }

    private ModelTransfer(ModelConfig saved, ModelConfig model) {
        Map<String, TensorSpec> present = ParameterLayout.of(saved).all().stream()
                .collect(Collectors.toMap(TensorSpec::name, tensor -> tensor, (a, b) -> a, LinkedHashMap::new));
        this.sources = new LinkedHashMap<>();
        this.begunAnew = new ArrayList<>();
        this.upcycledLayers = model.sparseLayers().stream()
                .filter(layer -> !saved.sparse(layer))
                .toList();
        Map<String, Columns> copied = copiedNetworks(model);
        for (TensorSpec tensor : ParameterLayout.of(model).all()) {
            Columns source = copied.getOrDefault(tensor.name(), Columns.all(tensor));
            if (fits(tensor, source, present.get(source.tensor()))) {
                sources.put(tensor.name(), source);
            } else {
                begunAnew.add(tensor.name());
            }
        }
        Set<String> used = sources.values().stream().map(Columns::tensor).collect(Collectors.toSet());
        this.leftOut =
                present.keySet().stream().filter(name -> !used.contains(name)).toList();
    }

    /**
     * Finds the source of each tensor.
     *
     * @param saved the model of the checkpoint
     * @param model that begins with it
     * @throws io.hashlayers.sharding.TrainingException of kind {@code USER} if they differ in more than which blocks have
     *     experts and how tokens find them; it names the key and both values
     */
    public static ModelTransfer of(ModelConfig saved, ModelConfig model) {
        new ModelMatch(saved, model).require();
        return new ModelTransfer(saved, model);
    }

    /** Of each tensor of an expert in an upcycled layer, that of the dense network at its place. */
    private Map<String, Columns> copiedNetworks(ModelConfig model) {
        ParameterLayout layout = ParameterLayout.of(model);
        Map<String, Columns> copied = new HashMap<>();
        for (int layer : upcycledLayers) {
            int segments = model.router(layer).segments();
            for (int expert = 0; expert < model.numExperts(); expert++) {
                List<TensorSpec> tensors = layout.expert(layer, expert);
                int ofSegment = tensors.size() / segments;
                for (int i = 0; i < tensors.size(); i++) {
                    TensorSpec tensor = tensors.get(i);
                    int segment = i / ofSegment;
                    int prefix = ParameterLayout.segmentPrefix(layer, expert, segments, segment)
                            .length();
                    String network = ParameterLayout.feedForwardPrefix(layer)
                            + tensor.name().substring(prefix);
                    copied.put(tensor.name(), new Columns(network, segments * tensor.cols(), segment * tensor.cols()));
                }
            }
        }
        return copied;
    }

    private static boolean fits(TensorSpec tensor, Columns columns, @Nullable TensorSpec source) {
        return source != null && source.rows() == tensor.rows() && source.cols() == columns.width();
    }

    /** Number of tensors, of all ranks, whose values are those of the tensor of the same name. */
    public long taken() {
        return sources.entrySet().stream()
                .filter(entry -> entry.getKey().equals(entry.getValue().tensor()))
                .count();
    }

    /** Blocks whose experts all begin as the dense network that was there. */
    public List<Integer> upcycledLayers() {
        return upcycledLayers;
    }

    /** Tensors with first values of their own. */
    public List<String> begunAnew() {
        return begunAnew;
    }

    /** Tensors of the saved model that are not used. */
    public List<String> leftOut() {
        return leftOut;
    }

    /**
     * Reads the tensors of one rank that have a source; all others keep what they are.
     *
     * @param saved the checkpoint that the transfer is from
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} if a tensor is missing or damaged
     */
    public void read(CheckpointReader saved, Parameters parameters) {
        Map<String, Matrix> present = new HashMap<>(); // by source
        Stream.of(parameters.dense(), parameters.experts())
                .flatMap(group -> group.parameters().stream())
                .filter(parameter -> sources.containsKey(parameter.name()))
                .forEach(parameter -> read(parameter, saved, present));
    }

    /** Experts that begin alike are read once. */
    private void read(Parameter parameter, CheckpointReader saved, Map<String, Matrix> present) {
        Columns source = Objects.requireNonNull(sources.get(parameter.name()));
        Matrix value = parameter.value();
        Matrix read = present.get(source.tensor());
        if (read == null) {
            read = source.width() == value.cols() ? value : Matrix.allocate(value.rows(), source.width());
            saved.read(source.tensor(), read);
            present.put(source.tensor(), read);
        }
        if (read != value) {
            value.copyColumns(read, source.first());
        }
    }
}
