package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.RankActivity;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Prepares the next step beside the current one: a thread of its own reads the rows and lays out their exchange.
 *
 * <p>Two inputs circulate, so the one last handed out stays untouched until the next is asked for.
 */
final class BatchPrefetcher implements AutoCloseable {
    private final StepReader reader;
    private final Duration timeout;
    private final RankActivity activity;
    private final BlockingQueue<StepInput> ready = new ArrayBlockingQueue<>(2);
    private final BlockingQueue<StepInput> free = new ArrayBlockingQueue<>(2);
    private final Thread thread;
    private volatile @Nullable Throwable failure;
    private @Nullable StepInput lent;

    /**
     * Starts to prepare the steps {@code [first, end)}, counted from 0.
     *
     * @param activity is told when the rank waits
     */
    BatchPrefetcher(StepReader reader, long first, long end, Duration timeout, RankActivity activity) {
        this.reader = reader;
        this.timeout = timeout;
        this.activity = activity;
        free.add(reader.allocate());
        free.add(reader.allocate());
        thread = new Thread(() -> prepare(first, end), "hashlayers-prefetch");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Waits for the input of the next step; the one before it may be overwritten from now on.
     *
     * @throws TrainingException what made reading fail, or RESOURCES if it took longer than the timeout
     */
    StepInput next() {
        if (lent != null) {
            free.add(lent);
            lent = null;
        }
        try {
            activity.reads();
            long deadline = System.nanoTime() + timeout.toNanos();
            while (System.nanoTime() < deadline) {
                StepInput input = ready.poll(100, TimeUnit.MILLISECONDS);
                if (input != null) {
                    activity.computes();
                    lent = input;
                    return input;
                }
                if (failure != null) {
                    throw asTrainingException(failure);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(Failure.PEER_LOST, "the rank was told to stop while it waited for data", e);
        }
        throw new TrainingException(
                Failure.RESOURCES,
                "no batch came within %d s; the storage of the dataset is too slow, or raise train.timeout-seconds"
                        .formatted(timeout.toSeconds()));
    }

    private void prepare(long first, long end) {
        try {
            for (long step = first; step < end; step++) {
                StepInput input = free.take(); // waits for this rank alone, until it asks or closes
                reader.read(step, input);
                ready.add(input);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Throwable e) {
            failure = e;
        }
    }

    private static TrainingException asTrainingException(Throwable failure) {
        return failure instanceof TrainingException known
                ? known
                : new TrainingException(Failure.BUG, "reading a batch failed: " + failure, failure);
    }

    /** Stops reading; the reader stays open. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
