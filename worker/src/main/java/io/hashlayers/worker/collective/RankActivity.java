package io.hashlayers.worker.collective;

import java.io.Serializable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one rank is in, for whoever watches it. Written by the thread of the rank, which allocates nothing for it, and read by
 * any; what is read while it changes may be of two moments.
 */
public final class RankActivity {
    /** Parts of a rank's life. */
    public enum Phase {
        MEETING("meeting the others"),
        RUNNING("running"),
        LOADING("loading the model"),
        TRAINING("training"),
        EVALUATING("evaluating"),
        SAVING("writing a checkpoint");

        private final String text;

        Phase(String text) {
            this.text = text;
        }
    }

    /**
     * What a rank was in at some moment.
     *
     * @param step that it does, 0 before the first
     * @param phase that it was in
     * @param waiting for a batch, or in an operation for others; empty if it was not
     * @param millis how long it had been in that
     */
    public record Snapshot(Phase phase, long step, String waiting, long millis) implements Serializable {
        @Override
        public String toString() {
            return "%s%s%s for %d s"
                    .formatted(
                            step == 0 ? "" : "step " + step + ", ",
                            phase.text,
                            waiting.isEmpty() ? "" : ", " + waiting,
                            TimeUnit.MILLISECONDS.toSeconds(millis));
        }
    }

    private volatile Phase phase = Phase.MEETING;
    private volatile long step;
    private volatile boolean reading; // waits for a batch
    private volatile @Nullable Kind waiting; // in an operation of this kind
    private volatile long operation; // and of this number
    private volatile long since = System.nanoTime();

    /** The rank begins something. */
    public void begins(Phase next, long ofStep) {
        phase = next;
        step = ofStep;
        computes();
    }

    /** The rank waits for a batch. */
    public void reads() {
        reading = true;
        since = System.nanoTime();
    }

    /** The rank waits for others. */
    void waits(Operation inOperation) {
        operation = inOperation.sequence();
        waiting = inOperation.kind();
        since = System.nanoTime();
    }

    /** The rank waits no more. */
    public void computes() {
        reading = false;
        waiting = null;
        since = System.nanoTime();
    }

    /** What the rank is in now. */
    public Snapshot now() {
        Kind kind = waiting;
        String waitsFor = reading ? "for a batch" : kind == null ? "" : "in " + kind + " (operation " + operation + ")";
        return new Snapshot(phase, step, waitsFor, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since));
    }
}
