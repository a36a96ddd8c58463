package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which checkpoints of a run stay when a new one is there.
 *
 * @param last so many of the newest, 0 for all
 * @param every besides, those whose step is a multiple of it; 0 for none
 * @param best besides, whether the one with the least validation perplexity stays
 */
public record Retention(int last, long every, boolean best) implements Serializable {
    /** All of them. */
    public static final Retention ALL = new Retention(0, 0, false);

    /**
     * A checkpoint.
     *
     * @param perplexity on the validation split after its step, NaN if it was not evaluated then
     */
    public record Saved(long step, double perplexity) {}

    public Retention {
        if (last < 0) {
            throw user("train.keep-last is " + last + "; set it to 1 or more, or to 0 for all checkpoints");
        }
        if (every < 0) {
            throw user("train.keep-every is " + every + "; set it to 0 or more");
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }

    /**
     * Steps of the checkpoints that may go.
     *
     * @param saved all whole checkpoints, ascending
     */
    List<Long> obsolete(List<Saved> saved) {
        Set<Long> kept = new HashSet<>();
        saved.stream().skip(last == 0 ? 0 : Math.max(0, saved.size() - last)).forEach(each -> kept.add(each.step()));
        saved.stream().filter(each -> every > 0 && each.step() % every == 0).forEach(each -> kept.add(each.step()));
        if (best) {
            saved.stream()
                    .filter(each -> Double.isFinite(each.perplexity()))
                    .min(Comparator.comparingDouble(Saved::perplexity))
                    .ifPresent(each -> kept.add(each.step()));
        }
        return saved.stream()
                .map(Saved::step)
                .filter(step -> !kept.contains(step))
                .toList();
    }
}
