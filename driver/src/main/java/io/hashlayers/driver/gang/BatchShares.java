package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What ranks must share evenly: the sequences of a micro-batch, and in training the groups that routers cut its rows into.
 *
 * @param parts the sequences first
 */
public record BatchShares(List<Part> parts) {
    /**
     * One thing that is shared.
     *
     * @param settings that it follows from, with their values, to begin a message
     * @param count how many of it there are
     */
    public record Part(String settings, int count) {}

    public BatchShares {
        parts = List.copyOf(parts);
    }

    /** Of a training run. */
    public static BatchShares of(RunConfig config) {
        return of(config.train(), List.of(config.model()));
    }

    /** Of ranks that train these models; without any, of those that only evaluate. */
    public static BatchShares of(TrainConfig train, Collection<ModelConfig> models) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(train.microBatchSettings(), train.microBatchSequences()));
        models.stream()
                .flatMap(model -> model.mixture().routers().stream())
                .filter(router -> router.groups() > 0)
                .map(BatchShares::groups)
                .distinct()
                .forEach(parts::add);
        return new BatchShares(parts);
    }

    private static Part groups(RouterConfig router) {
        return new Part("moe.%s.groups is %d".formatted(router.kind(), router.groups()), router.groups());
    }

    /** Most ranks, up to so many, that share all evenly. */
    public int most(int ranks) {
        int most = ranks;
        while (uneven(most).isPresent()) {
            most--;
        }
        return most;
    }

    /** The first setting, with its value, that keeps so many ranks from sharing evenly, if one does. */
    public Optional<String> uneven(int ranks) {
        return parts.stream()
                .filter(part -> part.count() % ranks != 0)
                .map(Part::settings)
                .findFirst();
    }

    /**
     * Requires that so many ranks share evenly.
     *
     * @throws TrainingException of kind {@code USER} if not, which names the settings to change
     */
    void require(int ranks) {
        uneven(ranks).ifPresent(settings -> {
            throw new TrainingException(
                    Failure.USER,
                    "%s, which %d ranks cannot share evenly; change it or ask for %d ranks (train.ranks, --ranks)"
                            .formatted(settings, ranks, most(ranks)));
        });
    }

    /** All settings with their values, to begin a message. */
    String settings() {
        return parts.stream().map(Part::settings).collect(Collectors.joining(" and "));
    }
}
