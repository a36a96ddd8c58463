package io.hashlayers.worker.train;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointContent;
import io.hashlayers.worker.checkpoint.CheckpointSnapshot;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.CheckpointWriter;
import io.hashlayers.worker.collective.Collective;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints that one rank writes with the others. Where there is memory for a copy of its tensors it goes on with its steps
 * meanwhile, and the ranks tell each other in every step who is {@link #ready}; else, and at the end of the run, they wait for it.
 */
final class RankCheckpoints implements AutoCloseable {
    private final Collective collective;
    private final ProgressListener listener;
    private final long lastStep;
    private final CheckpointTensors tensors;
    private final @Nullable CheckpointSnapshot snapshot;
    private final CheckpointWriter writer;
    private long step; // of the newest
    private String path = "";

    /** Allocates the copy, if there is to be one. */
    RankCheckpoints(RankContext context, CheckpointTensors tensors) {
        RunConfig run = context.config();
        CheckpointConfig config = run.train().checkpoints();
        this.collective = context.collective();
        this.listener = context.listener();
        this.lastStep = run.train().steps();
        this.tensors = tensors;
        this.snapshot = run.train().copiesForCheckpoints() ? new CheckpointSnapshot(tensors, collective.rank()) : null;
        this.writer = new CheckpointWriter(
                context.hadoop(),
                run.runDir(),
                collective,
                config.retention(),
                Duration.ofSeconds(config.timeoutSeconds()));
    }

    /** Begins to write a checkpoint, once the one before exists; all ranks call it together, between two steps. */
    void write(CheckpointContent content) {
        finish();
        step = content.step();
        path = writer.path(content.step());
        if (snapshot != null && step < lastStep) {
            snapshot.take();
            writer.begin(content, snapshot);
        } else {
            writer.write(content, tensors);
            tell();
        }
    }

    /** Whether this rank has done its part and waits for the others; allocates nothing. */
    boolean ready() {
        return writer.ready();
    }

    /** Goes on when all ranks are ready; they call it together. */
    void allAreReady() {
        if (writer.advance()) {
            tell();
        }
    }

    private void finish() {
        if (writer.writing()) {
            writer.finish();
            tell();
        }
    }

    /** Waits for the checkpoint that is being written, if there is one; all ranks call it together. What hinders it is noted only. */
    void finishBehind(TrainingException failure) {
        try {
            finish();
        } catch (TrainingException e) {
            failure.addSuppressed(e);
        }
    }

    private void tell() {
        if (collective.rank() == 0) {
            listener.checkpoint(step, path);
        }
    }

    /** Gives up what is being written. */
    @Override
    public void close() {
        writer.close();
    }
}
