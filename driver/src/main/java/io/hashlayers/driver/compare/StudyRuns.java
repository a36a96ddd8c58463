package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.config.SettingsPatch;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The runs of a study, each behind those that it builds on.
 *
 * <p>Settings go over each other in this order: the defaults, the seed as that of random tables, the base, the variant, the
 * command line, the seed of first values, data order and dropout.
 */
public final class StudyRuns {
    private static final String SEED = "train.seed";
    private static final String TABLE_SEED = "moe.table-seed";
    private static final String DATA = "train.data";

    private final Study study;
    private final List<String> overrides;

    private StudyRuns(Study study, List<String> overrides) {
        this.study = study;
        this.overrides = overrides;
    }

    /**
     * All runs of a study: seed by seed, so that an unfinished study has whole pairs.
     *
     * @param overrides {@code key=value} each, over the settings of all variants
     * @throws TrainingException of kind {@code USER} if a setting is unknown or has no usable value, or if the runs cannot be put
     *     in order
     */
    public static List<StudyRun> of(Study study, List<String> overrides) {
        for (String override : overrides) {
            if (override.strip().startsWith(SEED + "=")) {
                throw user("-D " + override + ": a study gives the seeds itself; choose others with --seeds");
            }
        }
        var runs = new StudyRuns(study, List.copyOf(overrides));
        return runs.ordered();
    }

    /**
     * The same study without all but some variants, and what they build on.
     *
     * @param only names of variants; empty for all
     * @throws TrainingException of kind {@code USER} if there is no such variant
     */
    public static Study restrict(Study study, List<String> only) {
        if (only.isEmpty()) {
            return study;
        }
        Map<String, Variant> byName = study.variants().stream()
                .collect(Collectors.toMap(Variant::name, variant -> variant, (a, b) -> a, LinkedHashMap::new));
        Set<String> kept = new LinkedHashSet<>();
        var runs = new StudyRuns(study, List.of());
        for (String name : only) {
            if (!byName.containsKey(name)) {
                throw user("--only names " + name + ", which is no variant of the study; choose among "
                        + String.join(", ", byName.keySet()));
            }
            runs.addWithNeeds(name, byName, kept);
        }
        return study.withVariants(study.variants().stream()
                .filter(variant -> kept.contains(variant.name()))
                .toList());
    }

    private void addWithNeeds(String name, Map<String, Variant> byName, Set<String> kept) {
        Variant variant = byName.get(name);
        if (variant == null || !kept.add(name)) {
            return; // a missing one is told when the runs are put in order
        }
        for (Reference reference : run(variant, study.seeds().get(0)).references()) {
            addWithNeeds(reference.variant(), byName, kept);
        }
    }

    private List<StudyRun> ordered() {
        Map<RunId, StudyRun> asked = new LinkedHashMap<>();
        for (long seed : study.seeds()) {
            for (Variant variant : study.variants()) {
                StudyRun run = run(variant, seed);
                asked.put(run.id(), run);
            }
        }
        Set<RunId> placed = new LinkedHashSet<>();
        for (RunId id : asked.keySet()) {
            place(id, asked, placed, new ArrayList<>());
        }
        return placed.stream().map(asked::get).toList();
    }

    /** Puts a run behind those that it needs. */
    private static void place(RunId id, Map<RunId, StudyRun> asked, Set<RunId> placed, List<RunId> waiting) {
        if (placed.contains(id)) {
            return;
        }
        if (waiting.contains(id)) {
            throw user("the variants need each other in a circle: "
                    + waiting.subList(waiting.indexOf(id), waiting.size()).stream()
                            .map(RunId::variant)
                            .collect(Collectors.joining(" needs "))
                    + " needs " + id.variant() + "; break it");
        }
        waiting.add(id);
        StudyRun run = Objects.requireNonNull(asked.get(id), id::toString);
        for (Reference reference : run.references()) {
            RunId need = new RunId(reference.variant(), id.seed());
            if (!asked.containsKey(need)) {
                throw user("%s of the variant %s needs the variant '%s', which the study does not have"
                        .formatted(reference.key(), id.variant(), reference.variant()));
            }
            place(need, asked, placed, waiting);
        }
        waiting.remove(id);
        placed.add(id);
    }

    private StudyRun run(Variant variant, long seed) {
        String origin = "seeds of the study";
        SettingsPatch below = study.base().over(SettingsPatch.of(TABLE_SEED, seed, origin));
        Settings settings = settings(variant, variant.settings().over(below), seed);
        List<Reference> references = settings.texts().entrySet().stream()
                .map(entry -> Reference.parse(entry.getKey(), entry.getValue()))
                .flatMap(Optional::stream)
                .toList();
        return new StudyRun(
                new RunId(variant.name(), seed),
                settings,
                dataset(variant, settings),
                references,
                variant.settings().text());
    }

    private Settings settings(Variant variant, SettingsPatch patch, long seed) {
        List<String> all = new ArrayList<>(overrides);
        all.add(SEED + "=" + seed);
        try {
            return Settings.of(patch, all);
        } catch (TrainingException e) {
            throw new TrainingException(
                    e.failure(), "variant " + variant.name() + " of " + study.name() + ": " + e.getMessage(), e);
        }
    }

    private String dataset(Variant variant, Settings settings) {
        String named = settings.texts().getOrDefault(DATA, "");
        String dataset = named.isEmpty() ? DatasetRecipe.MAIN : named;
        if (!study.datasets().containsKey(dataset)) {
            throw user("train.data of the variant %s is '%s'; in a study it is the name of one of its datasets, %s"
                    .formatted(
                            variant.name(),
                            named,
                            String.join(", ", study.datasets().keySet())));
        }
        return dataset;
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
