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
import java.util.ArrayList;
import java.util.List;
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
    private LossCurve curve = new LossCurve();
    private @Nullable MetricsFile metrics;
    private long resumed; // step behind which the run goes on
    private final List<Note> notes = new ArrayList<>(); // for the file, once it is open
    private boolean again; // after a failure that this object saw

    RunFiles(Configuration hadoop, String runDir) {
        this.hadoop = hadoop;
        this.runDir = runDir;
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
            write(() -> FailureFile.write(Folder.of(hadoop, runDir), first));
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
        try {
            close();
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
            write(() -> metrics = file.saved(Folder.of(hadoop, runDir)));
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
