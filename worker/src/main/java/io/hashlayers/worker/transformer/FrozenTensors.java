package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.parameter.TensorSpec;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Tensors that keep their values in training, by patterns of their names: {@code *} stands for any letters, none and dots
 * included. Short names stand for the patterns of a kind of tensors, see {@link #GROUPS}.
 *
 * @param patterns such as {@code h.0.attention.*} or {@code experts}; what any of them matches is frozen
 */
public record FrozenTensors(List<String> patterns) implements Serializable {
    /** Nothing is frozen. */
    public static final FrozenTensors NONE = new FrozenTensors(List.of());

    /** What the short names stand for. */
    static final Map<String, List<String>> GROUPS = new TreeMap<>(Map.of(
            "embeddings", List.of(ParameterLayout.TOKEN_EMBEDDING, ParameterLayout.POSITION_EMBEDDING),
            "attention", List.of("h.*.attention.*"),
            "dense-ffn", List.of("h.*.ffn.*"),
            "experts", List.of("h.*.experts.*"),
            "shared-experts", List.of("h.*.shared.*"),
            "routers", List.of("h.*.router.*"),
            "norms", List.of("*_norm.*")));

    public FrozenTensors {
        patterns = List.copyOf(patterns);
    }

    /** Whether a tensor of this name is frozen. */
    public Predicate<String> names() {
        return matching(patterns);
    }

    /** Parameters of a model that are frozen, of all ranks. */
    public long parameters(ModelConfig model) {
        Predicate<String> frozen = names();
        return ParameterLayout.of(model).all().stream()
                .filter(tensor -> frozen.test(tensor.name()))
                .mapToLong(TensorSpec::size)
                .sum();
    }

    /**
     * Requires that every pattern freezes something of a model, and all of them together not everything.
     *
     * @throws TrainingException of kind {@code USER} if not, which names the pattern
     */
    public void requireFit(ModelConfig model) {
        List<String> tensors =
                ParameterLayout.of(model).all().stream().map(TensorSpec::name).toList();
        for (String pattern : patterns) {
            if (tensors.stream().noneMatch(matching(List.of(pattern)))) {
                throw new TrainingException(
                        Failure.USER,
                        "train.freeze has \"%s\", which no tensor of the model matches; tensors are called like %s, and kinds of them %s"
                                .formatted(pattern, examples(tensors), String.join(", ", GROUPS.keySet())));
            }
        }
        if (tensors.stream().allMatch(names())) {
            throw new TrainingException(
                    Failure.USER,
                    "train.freeze is %s, all %d tensors of the model, so that nothing would be trained; leave something out"
                            .formatted(patterns, tensors.size()));
        }
    }

    private static Predicate<String> matching(Collection<String> patterns) {
        List<Pattern> compiled = patterns.stream()
                .flatMap(pattern -> GROUPS.getOrDefault(pattern, List.of(pattern)).stream())
                .map(FrozenTensors::compile)
                .toList();
        return tensor -> {
            for (Pattern pattern : compiled) {
                if (pattern.matcher(tensor).matches()) {
                    return true;
                }
            }
            return false;
        };
    }

    private static Pattern compile(String pattern) {
        return Pattern.compile(
                Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*")));
    }

    /** The first tensor of each kind. */
    private static String examples(List<String> tensors) {
        return GROUPS.values().stream()
                .map(FrozenTensors::matching)
                .flatMap(kind -> tensors.stream().filter(kind).findFirst().stream())
                .collect(Collectors.joining(", "));
    }
}
