package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import java.util.List;

/**
 * One run of a study as it was asked for: its data is named, not yet a folder, and so are the runs that it builds on.
 *
 * @param id variant and seed
 * @param settings checked but for what they refer to
 * @param dataset name of its dataset
 * @param references to other runs of the same seed
 * @param differences from the base of the study, for people
 */
public record StudyRun(RunId id, Settings settings, String dataset, List<Reference> references, String differences) {
    public StudyRun {
        references = List.copyOf(references);
    }

    /** The runs that must be finished before this one. */
    List<RunId> needs() {
        return references.stream()
                .map(reference -> new RunId(reference.variant(), id.seed()))
                .distinct()
                .toList();
    }

    /** Tokens that this run trains on. */
    public long tokens() {
        var train = settings.train();
        return train.steps() * train.batchSequences() * settings.model(1).contextLength();
    }
}
