package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.RankActivity;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Which ranks live, by the heartbeats of their executors, and which executors are silent. Filled by Spark's RPC thread, read by
 * the thread that supervises. An executor counts from the first that is heard of it until its last rank has ended.
 */
final class LivingRanks {
    private final LongSupplier nanoTime;
    private final Map<String, Heard> heard = new TreeMap<>(); // by executor
    private final Set<String> gone = new HashSet<>();
    private final SortedMap<Integer, RankActivity.Snapshot> last = new TreeMap<>();

    /** The last heartbeat of an executor. */
    private record Heard(long at, SortedMap<Integer, RankActivity.Snapshot> ranks) {}

    LivingRanks(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** How often an executor must tell that it lives so that no silence is only a heartbeat that came late. */
    static Duration interval(Duration longestSilence) {
        Duration sixth = longestSilence.dividedBy(6);
        Duration most = Duration.ofSeconds(5);
        return sixth.compareTo(most) < 0 ? sixth : most;
    }

    synchronized void hear(RankMessage.Alive alive) {
        if (alive.ranks().isEmpty()) {
            heard.remove(alive.executor());
        } else if (!gone.contains(alive.executor())) {
            heard.put(alive.executor(), new Heard(nanoTime.getAsLong(), alive.ranks()));
            last.putAll(alive.ranks());
        }
    }

    /** An executor is lost: it will never tell that its ranks have ended. */
    synchronized void forget(String executor) {
        gone.add(executor);
        heard.remove(executor);
    }

    /** Counts silences from now on: the driver itself could not hear until now. */
    synchronized void couldNotHear() {
        long now = nanoTime.getAsLong();
        heard.replaceAll((executor, before) -> new Heard(now, before.ranks()));
    }

    /** Executors that have been silent for longer than this, the longest first. */
    synchronized List<Silence> silentFor(Duration longest) {
        long now = nanoTime.getAsLong();
        List<Silence> silent = new ArrayList<>();
        heard.forEach((executor, before) -> {
            Duration silence = Duration.ofNanos(now - before.at());
            if (silence.compareTo(longest) > 0) {
                silent.add(new Silence(executor, silence, before.ranks()));
            }
        });
        silent.sort(Comparator.comparing(Silence::lasted).reversed());
        return silent;
    }

    /**
     * Ranks that were in the same, when they were heard of last, for longer than this. A program that does not tell what it does
     * is in nothing.
     */
    synchronized List<Integer> inTheSameFor(Duration longest) {
        return heard.values().stream()
                .flatMap(before -> before.ranks().entrySet().stream())
                .filter(rank -> rank.getValue().phase() != RankActivity.Phase.MEETING
                        && rank.getValue().phase() != RankActivity.Phase.RUNNING
                        && rank.getValue().millis() > longest.toMillis())
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Executors with ranks that have not ended. */
    synchronized Set<String> executors() {
        return Set.copyOf(heard.keySet());
    }

    /** What a rank was in when it was heard of last. */
    synchronized Optional<RankActivity.Snapshot> lastOf(int rank) {
        return Optional.ofNullable(last.get(rank));
    }
}
