package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What a rank does with its storage, one piece after the other and each on a thread of its own, so that a storage that hangs
 * does not hold the rank. Belongs to the thread of the rank.
 */
final class BackgroundWork {
    /** A piece of work. */
    interface Piece {
        void run() throws IOException;
    }

    private @Nullable FutureTask<Boolean> task;
    private @Nullable Thread thread;

    /** Starts a piece; the one before must be done. */
    void start(Piece piece) {
        FutureTask<Boolean> started = new FutureTask<>(() -> {
            piece.run();
            return true;
        });
        thread = new Thread(started, "hashlayers-checkpoint");
        thread.setDaemon(true);
        thread.start();
        task = started;
    }

    /** Whether the piece is done, well or not. */
    boolean done() {
        return task != null && task.isDone();
    }

    /** Waits until the piece is done, or so long. */
    void await(Duration time) {
        if (task != null) {
            try {
                task.get(time.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException e) {
                return; // the caller asks for either
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new TrainingException(
                        Failure.PEER_LOST, "the rank was told to stop while it wrote a checkpoint", e);
            }
        }
    }

    /**
     * Tells how a piece that is done came to its end.
     *
     * @throws IOException what the storage said
     */
    void requireSuccess() throws IOException {
        try {
            if (task != null) {
                task.get();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("a piece is asked for its end before it is done", e);
        } catch (ExecutionException e) {
            rethrow(e.getCause() == null ? e : e.getCause());
        }
    }

    private static void rethrow(Throwable cause) throws IOException {
        if (cause instanceof IOException ofStorage) {
            throw ofStorage;
        }
        if (cause instanceof TrainingException known) {
            throw known;
        }
        throw new TrainingException(Failure.BUG, "a checkpoint could not be written: " + cause, cause);
    }

    /** Asks the piece that runs to end; returns at once. */
    void interrupt() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
