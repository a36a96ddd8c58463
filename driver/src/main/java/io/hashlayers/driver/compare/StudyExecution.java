package io.hashlayers.driver.compare;

import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.hadoop.conf.Configuration;

/**
 * Does the runs of a study, one after the other or several at once. Finished runs of the same settings and data are
 * kept; one that fails is started once more, unless that cannot help; one that fails again, or whose source did, is reported and
 * the others go on.
 */
public final class StudyExecution {
    private static final int ATTEMPTS = 2;

    private final List<ResolvedRun> runs;
    private final RunTrainer trainer;
    private final Listener listener;
    private final Configuration hadoop;
    private final int parallel;
    private final Map<RunId, RunOutcome> outcomes = new HashMap<>();
    private final Set<RunId> distilled = new HashSet<>(); // guarded by itself

    /** Hears how a study goes. */
    public interface Listener {
        /**
         * A run is about to start.
         *
         * @param number from 1
         * @param total of all runs of the study, the kept ones included
         * @return tells people of the run
         */
        RunReporter starting(int number, int total, ResolvedRun run);

        /** A run failed and is started once more; heard in the thread of the run. */
        void retrying(ResolvedRun run, TrainingException failure);

        /**
         * A run is over.
         *
         * @param soFar outcomes of all runs that are over, this one included, in the order of the runs
         */
        void ended(RunOutcome outcome, List<RunOutcome> soFar);
    }

    /**
     * @param runs each behind those that it needs
     * @param parallel most runs at once
     */
    public StudyExecution(
            List<ResolvedRun> runs, RunTrainer trainer, Listener listener, Configuration hadoop, int parallel) {
        this.runs = runs;
        this.trainer = trainer;
        this.listener = listener;
        this.hadoop = hadoop;
        this.parallel = parallel;
    }

    /**
     * The runs that are not finished yet.
     *
     * @throws TrainingException of kind {@code USER} if a finished one had another number of ranks than it would have now
     */
    public List<ResolvedRun> remaining() {
        runs.forEach(run -> kept(run).ifPresent(record -> requireSameRanks(run, record)));
        return runs.stream().filter(run -> kept(run).isEmpty()).toList();
    }

    /**
     * Does all of them and tells how each ended, in the order of the runs.
     *
     * @throws TrainingException if the Spark application ended, which no run is to blame for
     */
    public List<RunOutcome> run() {
        ExecutorService pool = Executors.newFixedThreadPool(parallel, StudyExecution::thread);
        try {
            var ended = new ExecutorCompletionService<RunOutcome>(pool);
            List<ResolvedRun> waiting = new ArrayList<>(runs);
            int running = 0;
            while (!waiting.isEmpty() || running > 0) {
                Optional<ResolvedRun> next = running < parallel ? next(waiting) : Optional.empty();
                if (next.isEmpty()) {
                    end(outcome(ended)); // a run ends by its own deadlines
                    running--;
                } else if (!settled(next.get())) {
                    ResolvedRun run = next.get();
                    RunReporter reporter = listener.starting(runs.indexOf(run) + 1, runs.size(), run);
                    ended.submit(() -> attempt(run, reporter, 1));
                    running++;
                }
            }
        } finally {
            pool.shutdownNow();
        }
        return soFar();
    }

    private static Thread thread(Runnable work) {
        var thread = new Thread(work, "hashlayers-study-run");
        thread.setDaemon(true);
        return thread;
    }

    /** Takes the first run whose needs are all over; there is one, or a run that it waits for is not over. */
    private Optional<ResolvedRun> next(List<ResolvedRun> waiting) {
        Optional<ResolvedRun> next = waiting.stream()
                .filter(run -> outcomes.keySet().containsAll(run.run().needs()))
                .findFirst();
        next.ifPresent(waiting::remove);
        return next;
    }

    /** Ends a run that need not or cannot be done. */
    private boolean settled(ResolvedRun run) {
        for (RunId need : run.run().needs()) {
            if (outcomes.get(need) instanceof RunOutcome.Failed failed) {
                end(new RunOutcome.Failed(run, "it needs " + need + ", which failed", 0, failed.exitCode()));
                return true;
            }
        }
        Optional<RunRecord> kept = kept(run);
        kept.ifPresent(record -> end(new RunOutcome.Finished(run, record, true)));
        return kept.isPresent();
    }

    private void end(RunOutcome outcome) {
        outcomes.put(outcome.run().id(), outcome);
        listener.ended(outcome, soFar());
    }

    private static RunOutcome outcome(ExecutorCompletionService<RunOutcome> ended) {
        try {
            return ended.take().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.RESOURCES, "the study was interrupted; start it again to go on", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TrainingException cause) {
                throw cause;
            }
            throw new TrainingException(Failure.BUG, "unexpected " + e.getCause(), e);
        }
    }

    private List<RunOutcome> soFar() {
        return runs.stream()
                .map(ResolvedRun::id)
                .map(outcomes::get)
                .filter(Objects::nonNull)
                .toList();
    }

    private Optional<RunRecord> kept(ResolvedRun run) {
        return RunRecord.read(folder(run)).filter(record -> record.digest().equals(run.digest()));
    }

    /** Speeds, and the assignments of BASE, depend on it, so they are not mixed; nor is what took hours thrown away. */
    private static void requireSameRanks(ResolvedRun run, RunRecord record) {
        int before = record.summary().worldSize();
        if (before != run.ranks()) {
            throw new TrainingException(
                    Failure.USER,
                    "the finished run of %s had %d ranks, and runs would have %d now; set -D train.ranks=%d to go on with it, or begin anew with another --out"
                            .formatted(run.id(), before, run.ranks(), before));
        }
    }

    private Folder folder(ResolvedRun run) {
        return Folder.of(hadoop, run.folder());
    }

    private RunOutcome attempt(ResolvedRun run, RunReporter reporter, int attempt) {
        try {
            return new RunOutcome.Finished(run, train(run, reporter, attempt), false);
        } catch (TrainingException e) {
            if (trainer.over()) {
                throw e; // ends the study, and is no outcome of the run
            }
            if (attempt < ATTEMPTS && another(e.failure())) {
                listener.retrying(run, e);
                return attempt(run, reporter, attempt + 1);
            }
            return new RunOutcome.Failed(
                    run, String.valueOf(e.getMessage()), attempt, e.failure().exitCode());
        }
    }

    /** Wrong settings stay wrong, and the same ranks diverge to the same bits. */
    private static boolean another(Failure failure) {
        return failure != Failure.USER && failure != Failure.DIVERGED;
    }

    private RunRecord train(ResolvedRun run, RunReporter reporter, int attempt) {
        long start = System.nanoTime();
        try {
            for (RunId source : run.distils()) {
                distil(source, reporter);
            }
            RunTrainer.Trained trained = trainer.train(run, reporter);
            double seconds = (System.nanoTime() - start) / 1e9;
            var result = new RunRecord(run.digest(), attempt, seconds, parallel, trained.summary(), trained.facts());
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

    /** One at a time, so that of two runs that need the same tables the second finds them. */
    private void distil(RunId id, RunReporter reporter) {
        synchronized (distilled) {
            if (!distilled.contains(id)) {
                ResolvedRun source = runs.stream()
                        .filter(run -> run.id().equals(id))
                        .findFirst()
                        .orElseThrow();
                trainer.distil(source, source.tableFile(), reporter);
                distilled.add(id);
            }
        }
    }
}
