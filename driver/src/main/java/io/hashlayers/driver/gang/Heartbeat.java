package io.hashlayers.driver.gang;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.RankActivity;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the driver again and again that the ranks of a run in this JVM live, and what each of them is in; at once when one
 * comes or goes. Begun by the first of the ranks here and ended by the last; found by the name of the run, since tasks of an
 * executor share nothing but the JVM.
 */
final class Heartbeat {
    private static final Logger log = LoggerFactory.getLogger(Heartbeat.class);
    private static final Map<String, Heartbeat> OPEN = new HashMap<>();

    private final String run;
    private final String executor;
    private final Duration every;
    private final SortedMap<Integer, RankActivity> ranks = new TreeMap<>();

    private Heartbeat(String run, String executor, Duration every) {
        this.run = run;
        this.executor = executor;
        this.every = every;
    }

    /** A rank that lives. */
    static final class Member implements AutoCloseable {
        private final Heartbeat heartbeat;
        private final int rank;
        private volatile RankActivity activity = new RankActivity();

        private Member(Heartbeat heartbeat, int rank) {
            this.heartbeat = heartbeat;
            this.rank = rank;
        }

        /** From now on it is told what the rank does. */
        void doing(RankActivity newActivity) {
            activity = newActivity;
            heartbeat.put(rank, newActivity);
        }

        /** The step that it is in, 0 before the first. */
        long step() {
            return activity.now().step();
        }

        /** The rank is done, or failed. */
        @Override
        public void close() {
            synchronized (OPEN) {
                if (heartbeat.end(rank)) {
                    OPEN.remove(heartbeat.run);
                }
            }
        }
    }

    /**
     * Begins to tell of one more rank.
     *
     * @param executor Spark's id of this JVM
     */
    static Member of(String run, int rank, String executor, Duration every) {
        synchronized (OPEN) {
            Heartbeat heartbeat = OPEN.computeIfAbsent(run, key -> new Heartbeat(key, executor, every));
            heartbeat.begin(rank);
            return new Member(heartbeat, rank);
        }
    }

    private synchronized void begin(int rank) {
        boolean first = ranks.isEmpty();
        ranks.put(rank, new RankActivity());
        if (first) {
            Thread thread = new Thread(this::beat, "hashlayers-heartbeat");
            thread.setDaemon(true);
            thread.start();
        } else {
            tell();
        }
    }

    private synchronized void put(int rank, RankActivity activity) {
        ranks.put(rank, activity);
    }

    /** Whether that was the last. */
    private synchronized boolean end(int rank) {
        ranks.remove(rank);
        tell();
        notifyAll();
        return ranks.isEmpty();
    }

    private synchronized void beat() {
        try {
            while (!ranks.isEmpty()) {
                tell();
                wait(every.toMillis());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void tell() {
        SortedMap<Integer, RankActivity.Snapshot> states = new TreeMap<>();
        ranks.forEach((rank, activity) -> states.put(rank, activity.now()));
        try {
            ExecutorMailbox.post(new RankMessage(run, new RankMessage.Alive(executor, states)));
        } catch (TrainingException e) {
            log.debug("the driver cannot be told that ranks {} live", states.keySet(), e); // the ranks notice, too
        }
    }
}
