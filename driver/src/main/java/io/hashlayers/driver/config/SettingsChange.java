package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigRenderOptions;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Decides whether a run may go on with other settings than it was started with. */
public final class SettingsChange {
    /** Settings on which no step that was done depends; of skipped ones a list is kept. What {@code train.data} and {@code train.from} hold is compared by content. */
    private static final Set<String> FREE = Set.of(
            "train.ranks",
            "train.least-ranks",
            "train.data",
            "train.from",
            "train.from-step",
            "train.checkpoint-every",
            "train.checkpoint-timeout-seconds",
            "train.background-checkpoints",
            "train.evaluate-every",
            "train.evaluate-sequences",
            "train.timeout-seconds",
            "train.heartbeat-seconds",
            "train.max-restarts",
            "train.on-divergence",
            "train.divergence-factor",
            "train.max-skips",
            "train.keep-last",
            "train.keep-every",
            "train.keep-best",
            "train.recompute-activations");

    private static final List<String> FREE_SECTIONS = List.of("prepare.", "bench.");

    /** What the learning rate of each step follows from. */
    private static final Set<String> SCHEDULE = Set.of(
            "train.steps",
            "optimizer.learning-rate",
            "optimizer.warmup-steps",
            "optimizer.schedule",
            "optimizer.final-learning-rate-ratio");

    private final Map<String, String> before;
    private final Map<String, String> now;

    private SettingsChange(Map<String, String> before, Map<String, String> now) {
        this.before = before;
        this.now = now;
    }

    /**
     * Requires that a run may go on.
     *
     * @param before settings that it was started with, as text
     * @param now those that it is to go on with
     * @param rescheduled whether it may have another schedule from now on
     * @param run for messages
     * @throws TrainingException of kind {@code USER} that shows what differs; {@code DATA} if the old ones are no settings
     */
    public static void require(String before, String now, boolean rescheduled, String run) {
        new SettingsChange(values(before, run), values(now, run)).require(rescheduled, run);
    }

    private static Map<String, String> values(String text, String run) {
        try {
            Config config = ConfigSources.saved(text, "run.conf");
            Map<String, String> values = new TreeMap<>();
            config.entrySet()
                    .forEach(entry ->
                            values.put(entry.getKey(), entry.getValue().render(ConfigRenderOptions.concise())));
            return values;
        } catch (TrainingException | ConfigException e) {
            throw new TrainingException(
                    Failure.DATA,
                    "the settings of the run in %s cannot be read: %s; restore its run.conf, or say --overwrite to begin anew"
                            .formatted(run, e.getMessage()),
                    e);
        }
    }

    private void require(boolean rescheduled, String run) {
        List<String> refused = new ArrayList<>();
        boolean onlySchedule = true;
        for (String key : changed()) {
            boolean schedule = SCHEDULE.contains(key);
            boolean allowed = rescheduled || (key.equals("train.steps") && constant());
            if (!schedule || !allowed) {
                refused.add("%s was %s and is %s".formatted(key, value(before, key), value(now, key)));
                onlySchedule &= schedule;
            }
        }
        if (!refused.isEmpty()) {
            throw new TrainingException(
                    Failure.USER,
                    "%s holds a run of other settings: %s; %s"
                            .formatted(
                                    run,
                                    String.join(", ", refused),
                                    onlySchedule
                                            ? "say --reschedule to go on with the new ones, or set them back"
                                            : "set them back to go on with it, name another folder, or say --overwrite to delete it"));
        }
    }

    private Set<String> changed() {
        Set<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(now.keySet());
        keys.removeIf(key -> value(before, key).equals(value(now, key))
                || FREE.contains(key)
                || FREE_SECTIONS.stream().anyMatch(key::startsWith));
        return keys;
    }

    /** Whether the number of steps does not matter to any of them. */
    private boolean constant() {
        return value(before, "optimizer.schedule").contains("constant")
                && value(now, "optimizer.schedule").contains("constant");
    }

    private static String value(Map<String, String> values, String key) {
        return values.getOrDefault(key, "not set");
    }
}
