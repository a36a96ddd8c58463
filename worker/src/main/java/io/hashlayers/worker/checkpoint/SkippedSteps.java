package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.JsonManifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * {@code skipped.json} in a run's folder: steps whose batches are left out, because the run diverged with them. What a run comes
 * to depends on them, so its checkpoints have them, too.
 *
 * @param formatVersion {@link #FORMAT_VERSION}
 * @param steps ascending
 */
public record SkippedSteps(int formatVersion, List<Skip> steps) {
    public static final int FORMAT_VERSION = 1;

    /** Of a run that did all its steps. */
    public static final SkippedSteps NONE = new SkippedSteps(FORMAT_VERSION, List.of());

    private static final String NAME = "skipped.json";
    private static final JsonManifest<SkippedSteps> FILE =
            new JsonManifest<>(SkippedSteps.class, FORMAT_VERSION, "list of skipped steps");

    /**
     * A step that is left out.
     *
     * @param step counted from 1
     * @param cause one sentence
     */
    public record Skip(long step, String cause) {
        public Skip {
            if (step < 1) {
                throw new IllegalArgumentException("a skipped step is " + step);
            }
        }
    }

    public SkippedSteps {
        List<Skip> ascending = new ArrayList<>(steps);
        ascending.sort(Comparator.comparingLong(Skip::step));
        steps = List.copyOf(ascending);
    }

    /** Reads those of a run; none if it has none. */
    public static SkippedSteps read(Folder run) throws IOException {
        return run.exists(NAME) ? FILE.read(run, NAME) : NONE;
    }

    /** Writes the file whole, or not at all. */
    public void write(Folder run) throws IOException {
        FILE.write(run, NAME, this);
    }

    /** These and others, each once. */
    public SkippedSteps and(SkippedSteps others) {
        var all = new TreeMap<Long, Skip>();
        others.steps.forEach(skip -> all.put(skip.step(), skip));
        steps.forEach(skip -> all.put(skip.step(), skip));
        return new SkippedSteps(FORMAT_VERSION, List.copyOf(all.values()));
    }

    /** These and one more. */
    public SkippedSteps and(long step, String cause) {
        return and(new SkippedSteps(FORMAT_VERSION, List.of(new Skip(step, cause))));
    }

    /** Their numbers, ascending. */
    public long[] numbers() {
        return steps.stream().mapToLong(Skip::step).toArray();
    }
}
