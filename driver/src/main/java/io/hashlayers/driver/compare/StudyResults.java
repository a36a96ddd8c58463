package io.hashlayers.driver.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a study found, so far or in the end.
 *
 * @param study what was asked
 * @param runs in the order of the study; a failed one is among them
 * @param findings about each claim
 * @param planned number of runs of the whole study
 */
public record StudyResults(Study study, List<RunResult> runs, List<Finding> findings, int planned) {
    public StudyResults {
        runs = List.copyOf(runs);
        findings = List.copyOf(findings);
    }

    /**
     * Judges the claims.
     *
     * @param runs that are over
     */
    public static StudyResults of(Study study, List<RunResult> runs, int planned) {
        Map<RunId, RunResult> byId = runs.stream().collect(Collectors.toMap(RunResult::id, Function.identity()));
        List<Finding> findings = new ArrayList<>();
        for (Claim claim : study.claims()) {
            findings.add(ClaimTest.judge(claim, study.seeds(), (variant, seed) -> {
                RunResult run = byId.get(new RunId(variant, seed));
                return run == null ? OptionalDouble.empty() : run.measure(claim.measure());
            }));
        }
        return new StudyResults(study, runs, findings, planned);
    }

    /** The variant that most claims speak of; the first of those that do. */
    public String reference() {
        return study.variants().stream()
                .map(Variant::name)
                .max(Comparator.comparingLong(this::claimsAbout).thenComparing(this::earlier))
                .orElseThrow();
    }

    private long claimsAbout(String variant) {
        return study.claims().stream()
                .filter(claim -> claim.variants().contains(variant))
                .count();
    }

    private int earlier(String one, String other) {
        List<String> names = study.variants().stream().map(Variant::name).toList();
        return Integer.compare(names.indexOf(other), names.indexOf(one));
    }

    /** The runs of a variant, in the order of their seeds. */
    public List<RunResult> of(String variant) {
        return runs.stream().filter(run -> run.id().variant().equals(variant)).toList();
    }
}
