package io.hashlayers.driver.compare;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * Does the runs of a study one after the other, since a run takes all slots. Finished runs of the same settings and data are
 * kept; one that fails is started once more, unless that cannot help; one that fails again, or whose source did, is reported and
 * the others go on.
 */
public final class StudyExecution {
    private static final int ATTEMPTS = 2;

    private final List<ResolvedRun> runs;
    private final RunTrainer trainer;
    private final Listener listener;
    private final Configuration hadoop;
    private final Map<RunId, RunOutcome> outcomes = new LinkedHashMap<>();
    private final Set<RunId> distilled = new HashSet<>();

    /** Hears how a study goes. */
    public interface Listener {
        /**
         * A run is about to start.
         *
         * @param number from 1
         * @param total of all runs of the study, the kept ones included
         */
        void starting(int number, int total, ResolvedRun run);

        /** A run failed and is started once more. */
        void retrying(ResolvedRun run, TrainingException failure);

        /**
         * A run is over.
         *
         * @param soFar outcomes of all runs that are over, this one included, in order
         */
        void ended(RunOutcome outcome, List<RunOutcome> soFar);
    }

    /**
     * @param runs each behind those that it needs
     */
    public StudyExecution(List<ResolvedRun> runs, RunTrainer trainer, Listener listener, Configuration hadoop) {
        this.runs = runs;
        this.trainer = trainer;
        this.listener = listener;
        this.hadoop = hadoop;
    }

    /** The runs that are not finished yet. */
    public List<ResolvedRun> remaining() {
        return runs.stream().filter(run -> kept(run).isEmpty()).toList();
    }

    /** Does all of them and tells how each ended. */
    public List<RunOutcome> run() {
        for (int i = 0; i < runs.size(); i++) {
            ResolvedRun run = runs.get(i);
            RunOutcome outcome = outcome(i + 1, run);
            outcomes.put(run.id(), outcome);
            listener.ended(outcome, soFar());
        }
        return soFar();
    }

    private List<RunOutcome> soFar() {
        return List.copyOf(outcomes.values());
    }

    private RunOutcome outcome(int number, ResolvedRun run) {
        for (RunId need : run.run().needs()) {
            RunOutcome source = outcomes.get(need);
            if (source instanceof RunOutcome.Failed failed) {
                return new RunOutcome.Failed(run, "it needs " + need + ", which failed", 0, failed.exitCode());
            }
        }
        Optional<RunRecord> kept = kept(run);
        if (kept.isPresent()) {
            return new RunOutcome.Finished(run, kept.get(), true);
        }
        listener.starting(number, runs.size(), run);
        return attempt(run, 1);
    }

    private Optional<RunRecord> kept(ResolvedRun run) {
        return RunRecord.read(folder(run)).filter(record -> record.digest().equals(run.digest()));
    }

    private Folder folder(ResolvedRun run) {
        return Folder.of(hadoop, run.folder());
    }

    private RunOutcome attempt(ResolvedRun run, int attempt) {
        try {
            return new RunOutcome.Finished(run, train(run, attempt), false);
        } catch (TrainingException e) {
            if (attempt < ATTEMPTS && another(e.failure())) {
                listener.retrying(run, e);
                return attempt(run, attempt + 1);
            }
            return new RunOutcome.Failed(
                    run, String.valueOf(e.getMessage()), attempt, e.failure().exitCode());
        }
    }

    /** Wrong settings stay wrong, and the same ranks diverge to the same bits. */
    private static boolean another(Failure failure) {
        return failure != Failure.USER && failure != Failure.DIVERGED;
    }

    private RunRecord train(ResolvedRun run, int attempt) {
        long start = System.nanoTime();
        try {
            for (RunId source : run.distils()) {
                distil(source);
            }
            RunTrainer.Trained trained = trainer.train(run);
            var result = new RunRecord(
                    run.digest(), attempt, (System.nanoTime() - start) / 1e9, trained.summary(), trained.facts());
            result.write(folder(run));
            return result;
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the folder %s cannot be written: %s; check its rights and the room there"
                            .formatted(run.folder(), e.getMessage()),
                    e);
        } catch (TrainingException e) {
            throw e;
        } catch (RuntimeException e) { // a fault of the program fails this run, not the study
            throw new TrainingException(Failure.BUG, "unexpected " + e, e);
        }
    }

    private void distil(RunId id) {
        if (!distilled.contains(id)) {
            ResolvedRun source =
                    Objects.requireNonNull(outcomes.get(id), id::toString).run();
            trainer.distil(source, source.tableFile());
            distilled.add(id);
        }
    }
}
