package io.hashlayers.driver.compare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/** Requires, before anything is run, that variants are as equal as the study says. */
public final class EqualityCheck {
    private final Map<RunId, StudyRun> runs;
    private final ToIntFunction<String> vocabularies;
    private final long seed;

    private EqualityCheck(List<StudyRun> runs, ToIntFunction<String> vocabularies) {
        this.runs = runs.stream().collect(Collectors.toMap(StudyRun::id, Function.identity()));
        this.vocabularies = vocabularies;
        this.seed = runs.get(0).id().seed(); // sizes do not depend on it
    }

    /**
     * Checks the study as a whole and each of its claims. Where something must be equal, tokens must be too, those of the runs
     * that a run goes on from included.
     *
     * @param vocabularies dictionary size of each dataset, by its name
     * @throws TrainingException of kind {@code USER} that tells both variants and their sizes
     */
    public static void require(Study study, List<StudyRun> runs, ToIntFunction<String> vocabularies) {
        var check = new EqualityCheck(runs, vocabularies);
        check.require(
                study.variants().stream().map(Variant::name).toList(), study.equality(), "the study " + study.name());
        for (Claim claim : study.claims()) {
            check.require(claim.variants(), claim.equality(), "the claim " + claim.expectation());
        }
    }

    private void require(List<String> variants, Equality equality, String who) {
        if (equality == Equality.NONE) {
            return;
        }
        String first = variants.get(0);
        for (String other : variants) {
            requireEqual(who, equality.what(), first, size(first, equality), other, size(other, equality), equality);
            requireEqual(who, "tokens", first, tokens(first), other, tokens(other), equality);
        }
    }

    private static void requireEqual(
            String who, String what, String first, long ofFirst, String other, long ofOther, Equality equality) {
        if (!equality.holds(ofFirst, ofOther)) {
            throw new TrainingException(
                    Failure.USER,
                    "%s asks for equal %s, but %s has %,d and %s has %,d; change their settings, or 'equal'"
                            .formatted(who, what, first, ofFirst, other, ofOther));
        }
    }

    private long size(String variant, Equality equality) {
        StudyRun run = run(variant);
        return equality.of(ParameterLayout.of(run.settings().model(vocabularies.applyAsInt(run.dataset()))));
    }

    /** Tokens of a run and of those that it goes on from. */
    private long tokens(String variant) {
        StudyRun run = run(variant);
        long before = run.references().stream()
                .filter(reference -> reference.key().equals("train.from"))
                .mapToLong(reference -> tokens(reference.variant()))
                .sum();
        return before + run.tokens();
    }

    private StudyRun run(String variant) {
        var id = new RunId(variant, seed);
        return Objects.requireNonNull(runs.get(id), id::toString);
    }
}
