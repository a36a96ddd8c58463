package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.worker.data.Sha256;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;

/**
 * A run with all its folders.
 *
 * @param run as it was asked for
 * @param dataset that it reads
 * @param settings complete: folders in place of names, and a number of ranks
 * @param folder of the run
 * @param distils runs whose learned router must be made a table before this run can start
 * @param digest of everything that its result depends on but the number of ranks: settings, text, tables and runs that it builds
 *     on; where these lie is not part of it
 */
public record ResolvedRun(
        StudyRun run, StudyDataset dataset, Settings settings, String folder, List<RunId> distils, String digest) {
    private static final String DATA = "train.data";
    private static final String TABLE = "distilled-{layer}.bin"; // in the folder of the run, so it goes with it

    public ResolvedRun {
        distils = List.copyOf(distils);
    }

    /**
     * Resolves the runs of a study.
     *
     * @param runs each behind those that it needs
     * @param datasets that they read
     * @param slots that the runs share
     * @param studyDir folder of the study
     * @throws io.hashlayers.sharding.TrainingException of kind {@code USER} if the slots are too few; {@code DATA} if a file or run
     *     that one builds on is not there
     */
    public static List<ResolvedRun> all(
            List<StudyRun> runs, StudyDatasets datasets, StudySlots slots, String studyDir, Configuration hadoop) {
        var inputs = new InputDigests(hadoop);
        Map<RunId, ResolvedRun> resolved = new LinkedHashMap<>();
        for (StudyRun run : runs) {
            resolved.put(run.id(), resolve(run, datasets.get(run.dataset()), slots, inputs, resolved, studyDir));
        }
        return List.copyOf(resolved.values());
    }

    private static ResolvedRun resolve(
            StudyRun run,
            StudyDataset dataset,
            StudySlots slots,
            InputDigests inputs,
            Map<RunId, ResolvedRun> before,
            String studyDir) {
        Settings complete =
                run.settings().withRanks(slots.ranks(run.settings())).withText(DATA, dataset.folder());
        Settings named = inputs.named(run.settings()).withText(DATA, "").withRanks(0);
        List<RunId> distils = new ArrayList<>();
        for (Reference reference : run.references()) {
            RunId need = new RunId(reference.variant(), run.id().seed());
            ResolvedRun source = Objects.requireNonNull(before.get(need), need::toString);
            boolean distilled = reference.kind() == Reference.Kind.DISTILLED;
            if (distilled) {
                distils.add(need);
            }
            complete = complete.withText(reference.key(), distilled ? source.tableFile() : source.folder());
            named = named.withText(reference.key(), reference.kind() + " " + source.digest());
        }
        String content = named.render() + dataset.manifest().digest();
        return new ResolvedRun(
                run,
                dataset,
                complete,
                studyDir + "/" + run.id().folder(),
                distils,
                Sha256.of(content.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Refuses what the run would refuse before its first step.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind {@code USER} if a value is out of range, or if a router cannot work on
     *     as many rows as a rank will have
     */
    public void requireValid() {
        RunConfig config = settings.run(folder, dataset.manifest().vocabularySize());
        ModelConfig model = config.model();
        int rows = config.sequencesPerRank(ranks()) * model.contextLength();
        model.mixture().routers().forEach(router -> router.requireRows(rows, ranks(), model.numExperts()));
    }

    /** Ranks that it is to be done by. */
    int ranks() {
        return settings.ranks();
    }

    public RunId id() {
        return run.id();
    }

    /** Where the tables that are distilled of its routers go, one for each layer of experts. */
    String tableFile() {
        return folder + "/" + TABLE;
    }
}
