package io.hashlayers.driver.compare;

import java.util.Map;
import java.util.Objects;

/** The datasets that the runs of a study read, by name. Immutable. */
public final class StudyDatasets {
    private final Map<String, StudyDataset> byName;

    StudyDatasets(Map<String, StudyDataset> byName) {
        this.byName = Map.copyOf(byName);
    }

    StudyDataset get(String name) {
        return Objects.requireNonNull(byName.get(name), name);
    }

    /** Entries of the dictionary of a dataset. */
    public int vocabularySize(String name) {
        return get(name).manifest().vocabularySize();
    }
}
