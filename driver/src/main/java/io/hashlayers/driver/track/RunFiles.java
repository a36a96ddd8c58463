package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.GangFailure;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SummaryFile;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hadoop.conf.Configuration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes {@code metrics.jsonl} as a run goes, {@code loss.svg} at each evaluation and {@code summary.json} at the end. Touches
 * the run's folder only once the run has started.
 */
final class RunFiles implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RunFiles.class);

    private final Configuration hadoop;
    private final String runDir;
    private final Duration patience;
    private LossCurve curve = new LossCurve();
    private @Nullable MetricsFile metrics;
    private long resumed; // step behind which the run goes on
    private final List<Note> notes = new ArrayList<>(); // for the file, once it is open
    private boolean again; // after a failure that this object saw

    /**
     * @param patience longest wait for the storage after a failure, which may be the storage's own
     */
    RunFiles(Configuration hadoop, String runDir, Duration patience) {
        this.hadoop = hadoop;
        this.runDir = runDir;
        this.patience = patience;
    }

    private interface Write {
        void run() throws IOException;
    }

    void resumed(long step) {
        resumed = step;
    }

    void started() {
        write(() -> {
            if (resumed > 0 || again) {
                curve = new LossCurve();
                metrics = MetricsFile.goOn(Folder.of(hadoop, runDir), resumed, curve);
            } else {
                metrics = MetricsFile.begin(Folder.of(hadoop, runDir));
            }
            for (Note note : notes) {
                note.in(metrics);
            }
            notes.clear();
        });
    }

    void regrouped(int ranks, int asked) {
        again(file -> file.writeRanks(ranks, asked));
    }

    void broke(GangFailure first) {
        if (metrics != null) {
            writeInTime(() -> FailureFile.write(Folder.of(hadoop, runDir), first));
        }
    }

    void restarting(TrainingException cause, int number) {
        again(file -> file.writeRestart(cause, number));
    }

    void skipping(TrainingException cause, long step) {
        again(file -> file.writeSkip(cause, step));
    }

    private interface Note {
        void in(MetricsFile file) throws IOException;
    }

    /** The file that is open may be why the run begins again, and then takes no line more. */
    private void again(Note note) {
        notes.add(note);
        again = true;
        resumed = 0; // told again, if there is a checkpoint
        MetricsFile file = metrics;
        metrics = null;
        if (file == null) {
            return;
        }
        try {
            writeInTime(file::close);
        } catch (TrainingException e) {
            log.debug("what was written since the newest checkpoint may be lost, and is written again", e);
        }
    }

    void step(StepMetrics step) {
        curve.add(step);
        if (metrics != null) {
            MetricsFile file = metrics;
            write(() -> file.write(step));
        }
    }

    void evaluation(EvaluationMetrics evaluation) {
        curve.add(evaluation);
        if (metrics != null) {
            MetricsFile file = metrics;
            write(() -> file.write(evaluation));
        }
        write(() -> Folder.of(hadoop, runDir).write(LossCurve.NAME, curve.svg().getBytes(StandardCharsets.UTF_8)));
    }

    /** A run that goes on behind the checkpoint finds the lines that are there by now. */
    void checkpoint() {
        if (metrics != null) {
            MetricsFile file = metrics;
            write(() -> {
                MetricsFile whole = file.saved(Folder.of(hadoop, runDir));
                if (metrics == file) {
                    metrics = whole;
                } else {
                    whole.close(); // the run began again while the storage hung
                }
            });
        }
    }

    void finished(RunSummary summary) {
        close();
        write(() -> SummaryFile.write(Folder.of(hadoop, runDir), summary));
    }

    @Override
    public void close() {
        if (metrics != null) {
            MetricsFile file = metrics;
            metrics = null;
            write(file::close);
        }
    }

    /** On a thread of its own, which a storage that hangs may keep. */
    private void writeInTime(Write write) {
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            write(write);
            return true;
        });
        Thread thread = new Thread(task, "hashlayers-run-files");
        thread.setDaemon(true);
        thread.start();
        try {
            task.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the folder %s did not take a file within %d s; its storage is too slow or hangs"
                            .formatted(runDir, patience.toSeconds()),
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TrainingException known) {
                throw known;
            }
            throw new TrainingException(Failure.BUG, "a file of the run could not be written: " + e.getCause(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "interrupted while a failure was written down", e);
        }
    }

    private void write(Write write) {
        try {
            write.run();
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the folder %s cannot be written: %s; make room or check its rights"
                            .formatted(runDir, e.getMessage()),
                    e);
        }
    }
}
