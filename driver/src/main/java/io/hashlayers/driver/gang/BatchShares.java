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
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * What ranks must share evenly: the sequences of a micro-batch, and in training the groups that routers cut its rows into.
 *
 * @param parts the sequences first
 * @param routable whether routers can deal out the rows that so many ranks have each; the routers themselves say why not
 */
public record BatchShares(List<Part> parts, IntPredicate routable) {
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
        return new BatchShares(parts, ranks -> models.stream().allMatch(model -> routable(train, model, ranks)));
    }

    private static boolean routable(TrainConfig train, ModelConfig model, int ranks) {
        int rows = train.microBatchSequences() / ranks * model.contextLength();
        try {
            model.mixture().routers().forEach(router -> router.requireRows(rows, ranks, model.numExperts()));
            return true;
        } catch (TrainingException e) {
            return false;
        }
    }

    private static Part groups(RouterConfig router) {
        return new Part("moe.%s.groups is %d".formatted(router.kind(), router.groups()), router.groups());
    }

    /** Most ranks, up to so many, that share all evenly; 1 if no number will do. */
    public int most(int ranks) {
        int most = ranks;
        while (most > 1 && (uneven(most).isPresent() || !routable.test(most))) {
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
