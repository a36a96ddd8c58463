package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the ranks of one run have told so far. Filled by Spark's RPC thread, read by the thread that supervises, which never
 * waits for the reporter.
 */
final class RankInbox {
    private static final Logger log = LoggerFactory.getLogger(RankInbox.class);

    private final RunReporter reporter;
    private final LivingRanks living = new LivingRanks(System::nanoTime);
    private final List<RankFailure> failures = new ArrayList<>();
    private final SortedMap<String, Long> peaks = new TreeMap<>(); // resident bytes by executor
    private List<Introduction> ranks = List.of();
    private long lastStep;
    private long lastSaved;
    private @Nullable Serializable result;
    private @Nullable RuntimeException reporterFailure;
    private volatile long reportingSince; // System.nanoTime(), 0 if the reporter is not being told

    RankInbox(RunReporter reporter) {
        this.reporter = reporter;
    }

    /** Takes a message; the reporter hears of it before this returns. Called by one thread at a time, as Spark's RPC does. */
    void receive(RankMessage.Event event) {
        if (event instanceof RankMessage.Alive alive) {
            living.hear(alive);
        } else if (!note(event) && reporterFailure().isEmpty()) {
            reportingSince = System.nanoTime();
            try {
                tell(event);
            } catch (RuntimeException e) {
                failed(e);
            } finally {
                reportingSince = 0;
            }
        }
    }

    private synchronized void failed(RuntimeException ofReporter) {
        reporterFailure = ofReporter;
    }

    /** Keeps what the reporter does not hear, and returns whether it was that. */
    private synchronized boolean note(RankMessage.Event event) {
        if (event instanceof RankMessage.Failed failed) {
            RankFailure failure = failed.failure();
            if (failures.stream().noneMatch(earlier -> earlier.rank() == failure.rank())) {
                failures.add(failure);
                log(failure);
            }
        } else if (event instanceof RankMessage.Resident resident) {
            peaks.merge(resident.executor(), resident.peakBytes(), Math::max);
        } else if (event instanceof RankMessage.Finished finished) {
            result = finished.result();
        } else {
            if (event instanceof RankMessage.Met all) {
                ranks = all.ranks();
            } else if (event instanceof RankMessage.Stepped stepped) {
                lastStep = stepped.metrics().step();
            } else if (event instanceof RankMessage.Saved saved) {
                lastSaved = saved.step();
            }
            return false;
        }
        return true;
    }

    /** The sentence is reported at the end of the run; where it happened matters for bugs, or to who asks for more. */
    private static void log(RankFailure failure) {
        String text = "rank={} host={} executor={} failed: {}";
        if (failure.kind() == Failure.BUG) {
            log.warn(text, failure.rank(), failure.host(), failure.executor(), failure.stackTrace());
        } else {
            log.debug(text, failure.rank(), failure.host(), failure.executor(), failure.stackTrace());
        }
    }

    private void tell(RankMessage.Event event) {
        if (event instanceof RankMessage.Met all) {
            reporter.started(new Gang(
                    all.ranks().stream().map(Introduction::host).toList(),
                    all.ranks().stream().map(Introduction::kernels).toList()));
        } else if (event instanceof RankMessage.Stepped stepped) {
            reporter.step(stepped.metrics());
        } else if (event instanceof RankMessage.Evaluated evaluated) {
            reporter.evaluation(evaluated.metrics());
        } else if (event instanceof RankMessage.Saved saved) {
            reporter.checkpoint(saved.step(), saved.path());
        }
    }

    /** Which ranks live. */
    LivingRanks living() {
        return living;
    }

    /** How long the reporter has been busy with one message; meanwhile nothing else is heard. Zero if it is not. */
    Duration reportingFor() {
        long since = reportingSince;
        return since == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since);
    }

    /** All ranks, by rank; empty until they have met. */
    synchronized List<Introduction> ranks() {
        return ranks;
    }

    /** The last step that all ranks did, 0 for none. */
    synchronized long lastStep() {
        return lastStep;
    }

    /** Step of the newest checkpoint of these ranks, 0 for none. */
    synchronized long lastSaved() {
        return lastSaved;
    }

    /** The first of each rank, in the order in which the driver heard of them. */
    synchronized List<RankFailure> failures() {
        return List.copyOf(failures);
    }

    /** Bytes that were resident at most in each process whose ranks are done. */
    synchronized List<Long> peakBytes() {
        return List.copyOf(peaks.values());
    }

    /** What rank 0 ended with. */
    synchronized Optional<Serializable> result() {
        return Optional.ofNullable(result);
    }

    /** What the reporter threw; after that it hears no more. */
    synchronized Optional<RuntimeException> reporterFailure() {
        return Optional.ofNullable(reporterFailure);
    }
}
