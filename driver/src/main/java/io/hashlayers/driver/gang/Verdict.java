package io.hashlayers.driver.gang;

import io.hashlayers.driver.job.JobFailures;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.RankActivity;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Finds the cause among all that is known of a failed gang. When one rank ends, the others lose their peer and end too, and
 * Spark's own text is of whichever came first; so a rank's own error counts before the loss of an executor, and this before
 * what the peers noticed of it.
 */
final class Verdict {
    private static final Pattern KILLED = Pattern.compile("code 137\\b");

    /** How a rank that fails tells the others. */
    private static final Pattern TOLD = Pattern.compile("rank ([0-9]{1,6}) failed: (.*)", Pattern.DOTALL);

    /** What a rank says that has waited too long: the one at fault is the one that did not come. */
    private static final Pattern WAITED =
            Pattern.compile("rank [0-9]{1,6} waited [0-9]+ s for rank ([0-9]{1,6})\\b.*", Pattern.DOTALL);

    private final RankInbox inbox;
    private final Optional<LostExecutors.Loss> loss;

    Verdict(RankInbox inbox, Optional<LostExecutors.Loss> loss) {
        this.inbox = inbox;
        this.loss = loss;
    }

    /** Whether the cause itself is known, not only what followed from it. */
    boolean certain() {
        return loss.isPresent() || ownError().isPresent();
    }

    /**
     * The failure to report.
     *
     * @param jobFailure what Spark threw
     */
    GangFailure failure(Throwable jobFailure) {
        Optional<RankFailure> own = ownError();
        if (own.isPresent()) {
            return whole(own.get());
        }
        if (loss.isPresent()) {
            return whole(loss.get());
        }
        return inbox.failures().stream()
                .findFirst()
                .map(failure -> whole(asItsOwn(failure)))
                .orElseGet(() -> unknown(JobFailures.translate("the gang", jobFailure)));
    }

    /** A failure that is of no rank, as far as anyone knows. */
    GangFailure unknown(TrainingException failure) {
        return new GangFailure(
                List.of(),
                "",
                "",
                inbox.lastStep(),
                failure.failure(),
                Objects.requireNonNullElse(failure.getMessage(), "no reason"),
                List.of());
    }

    /** The first error that is not the loss of a peer. */
    private Optional<RankFailure> ownError() {
        return inbox.failures().stream()
                .filter(failure -> failure.kind() != Failure.PEER_LOST)
                .findFirst();
    }

    /** What a peer was told of another rank's failure is reported as that rank's own. */
    private RankFailure asItsOwn(RankFailure failure) {
        Matcher told = TOLD.matcher(failure.message());
        if (told.matches()) {
            return of(Integer.parseInt(told.group(1)), told.group(2), failure);
        }
        Matcher waited = WAITED.matcher(failure.message());
        if (waited.matches()) {
            int rank = Integer.parseInt(waited.group(1));
            String wasIn = inbox.living()
                    .lastOf(rank)
                    .map(state -> "; it was in " + state)
                    .orElse("");
            return of(rank, failure.message() + wasIn, failure);
        }
        return failure;
    }

    /** A failure of another rank than the one that told it. */
    private RankFailure of(int rank, String message, RankFailure told) {
        if (rank >= inbox.ranks().size()) {
            return told;
        }
        Introduction itself = inbox.ranks().get(rank);
        List<String> log = itself.executor().equals(told.executor()) ? told.log() : List.of();
        long step = inbox.living().lastOf(rank).map(RankActivity.Snapshot::step).orElse(told.step());
        return new RankFailure(
                rank, itself.host(), itself.executor(), step, told.kind(), message, told.stackTrace(), log);
    }

    /** The failure to report of an executor that is silent, though nothing else has failed yet. */
    GangFailure hung(Silence silence) {
        String message =
                "executor %s%s has been silent for %d s %s and is taken for hung; it was last heard of in %s; look at its log, or raise train.heartbeat-seconds if its machine is only slow"
                        .formatted(
                                silence.executor(),
                                ranksOf(silence.executor()),
                                silence.lasted().toSeconds(),
                                progress(),
                                silence.ranks().values().stream()
                                        .findFirst()
                                        .map(Object::toString)
                                        .orElse("nothing"));
        return ofExecutor(silence.executor(), message);
    }

    /** The failure to report of a rank that lives and does not get on, though no other one waits for it. */
    GangFailure stuck(int rank) {
        String message =
                "a rank has been in %s and is taken for hung; look at its log and at the storage, or raise train.timeout-seconds, of which it may take ten times as long"
                        .formatted(inbox.living()
                                .lastOf(rank)
                                .map(Object::toString)
                                .orElse("nothing"));
        return whole(of(rank, message, new RankFailure(rank, "", "", 0, Failure.PEER_LOST, message, "", List.of())));
    }

    private GangFailure whole(RankFailure failure) {
        String message = "%s (rank %d on %s, executor %s, %s)"
                .formatted(failure.message(), failure.rank(), failure.host(), failure.executor(), progress());
        return new GangFailure(
                List.of(failure.rank()),
                failure.host(),
                failure.executor(),
                failure.step(),
                failure.kind(),
                message,
                failure.log());
    }

    private GangFailure whole(LostExecutors.Loss lost) {
        String reason = lost.reason().lines().findFirst().orElse("").strip();
        String message = "executor %s%s was lost %s: %s%s"
                .formatted(
                        lost.executor(),
                        ranksOf(lost.executor()),
                        progress(),
                        reason,
                        KILLED.matcher(reason).find()
                                ? " (killed, by hand or for its memory; in the second case raise spark.executor.memoryOverhead)"
                                : "");
        return ofExecutor(lost.executor(), message);
    }

    private GangFailure ofExecutor(String executor, String message) {
        List<Integer> ranks = ranksIn(executor);
        String host = ranks.isEmpty() ? "" : inbox.ranks().get(ranks.get(0)).host();
        long step = ranks.stream()
                .flatMap(rank -> inbox.living().lastOf(rank).stream())
                .mapToLong(RankActivity.Snapshot::step)
                .reduce(inbox.lastStep(), Math::max);
        return new GangFailure(ranks, host, executor, step, Failure.PEER_LOST, message, List.of());
    }

    private String ranksOf(String executor) {
        String ofRanks = ranksIn(executor).stream()
                .map(rank -> rank + " on " + inbox.ranks().get(rank).host())
                .collect(Collectors.joining(", "));
        return ofRanks.isEmpty() ? "" : " with rank " + ofRanks;
    }

    private List<Integer> ranksIn(String executor) {
        List<Introduction> ranks = inbox.ranks();
        return IntStream.range(0, ranks.size())
                .filter(rank -> ranks.get(rank).executor().equals(executor))
                .boxed()
                .toList();
    }

    private String progress() {
        return inbox.lastStep() == 0 ? "before the first step" : "after step " + inbox.lastStep();
    }
}
