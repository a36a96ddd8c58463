package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.collective.RankActivity;
import io.hashlayers.worker.train.StepMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private final Exception sparksText = new Exception(
            "Job aborted due to stage failure: Could not recover from a failed barrier ResultStage.\nsecond line\n\tat x");

    private final RankInbox inbox = new RankInbox(new Recorder());

    @Test
    void aRanksOwnErrorCountsBeforeWhatItsPeersNoticedFirst() {
        fail(0, new TrainingException(Failure.PEER_LOST, "rank 2 failed: too hot"));
        fail(2, new TrainingException(Failure.DIVERGED, "too hot"));
        fail(1, new TrainingException(Failure.DATA, "later"));

        TrainingException verdict = verdict(Optional.of(new LostExecutors.Loss("1", "gone")));

        assertThat(verdict.failure()).isEqualTo(Failure.DIVERGED);
        assertThat(verdict).hasMessage("too hot (rank 2 on host, executor 2, before the first step)");
    }

    @Test
    void aLostExecutorCountsBeforeItsPeersErrorsAndNamesItsRanks() {
        meet();
        inbox.receive(new RankMessage.Stepped(new StepMetrics(17, 1, 1, 1, 1, 1, 1, List.of())));
        fail(0, new TrainingException(Failure.PEER_LOST, "rank 1 went away"));

        TrainingException verdict = verdict(Optional.of(new LostExecutors.Loss("1", "Command exited with code 137")));

        assertThat(verdict.failure()).isEqualTo(Failure.PEER_LOST);
        assertThat(verdict)
                .hasMessage(
                        "executor 1 with rank 1 on node-b, 2 on node-b was lost after step 17: Command exited with code 137 (killed, by hand or for its memory; in the second case raise spark.executor.memoryOverhead)");
    }

    @Test
    void whatAPeerWasToldIsReportedWhenTheRankItselfCouldNotTell() {
        meet();
        fail(0, new TrainingException(Failure.PEER_LOST, "rank 1 failed: no room on disk"));

        assertThat(new Verdict(inbox, Optional.empty()).certain()).isFalse();
        assertThat(verdict(Optional.empty()))
                .hasMessage("no room on disk (rank 1 on node-b, executor 1, before the first step)");
    }

    @Test
    void theRankThatDidNotComeIsNamedAndNotTheOneThatWaited() {
        meet();
        inbox.receive(alive("1", 2));
        fail(
                0,
                new TrainingException(
                        Failure.PEER_LOST,
                        "rank 0 waited 5 s for rank 2 (node-b:99) in all-to-all (operation 8); it hangs or is far slower"));

        assertThat(verdict(Optional.empty()))
                .hasMessage(
                        "rank 0 waited 5 s for rank 2 (node-b:99) in all-to-all (operation 8); it hangs or is far slower; it was in step 17, writing a checkpoint for 6 s (rank 2 on node-b, executor 1, before the first step)");
    }

    @Test
    void aSilentExecutorIsNamedWithItsRanksAndWhatTheyWereIn() {
        meet();
        inbox.receive(new RankMessage.Stepped(new StepMetrics(17, 1, 1, 1, 1, 1, 1, List.of())));
        RankMessage.Alive last = alive("1", 1);

        GangFailure failure =
                new Verdict(inbox, Optional.empty()).hung(new Silence("1", Duration.ofSeconds(31), last.ranks()));

        assertThat(failure.kind()).isEqualTo(Failure.PEER_LOST);
        assertThat(failure.ranks()).containsExactly(1, 2);
        assertThat(failure.host()).isEqualTo("node-b");
        assertThat(failure.step()).isEqualTo(17);
        assertThat(failure.cause())
                .isEqualTo(
                        "executor 1 with rank 1 on node-b, 2 on node-b has been silent for 31 s after step 17 and is taken for hung; it was last heard of in step 17, writing a checkpoint for 6 s; look at its log, or raise train.heartbeat-seconds if its machine is only slow");
    }

    @Test
    void aRankThatIsStuckIsNamedWithWhatItIsIn() {
        meet();
        inbox.receive(alive("1", 2));

        GangFailure failure = new Verdict(inbox, Optional.empty()).stuck(2);

        assertThat(failure.kind()).isEqualTo(Failure.PEER_LOST);
        assertThat(failure.ranks()).containsExactly(2);
        assertThat(failure.step()).isEqualTo(17);
        assertThat(failure.cause())
                .startsWith("a rank has been in step 17, writing a checkpoint for 6 s and is taken for hung; ")
                .endsWith(" (rank 2 on node-b, executor 1, before the first step)");
    }

    private static RankMessage.Alive alive(String executor, int rank) {
        return new RankMessage.Alive(
                executor,
                new TreeMap<>(Map.of(rank, new RankActivity.Snapshot(RankActivity.Phase.SAVING, 17, "", 6400))));
    }

    @Test
    void withNothingElseSparksOwnReasonIsGiven() {
        TrainingException verdict = verdict(Optional.empty());

        assertThat(verdict.failure()).isEqualTo(Failure.BUG);
        assertThat(verdict)
                .hasMessage(
                        "the gang failed: Job aborted due to stage failure: Could not recover from a failed barrier ResultStage. second line; please report this with the log");
    }

    @Test
    void aLackOfMemoryIsOneOfResources() {
        fail(0, new OutOfMemoryError("Physical memory usage is too high"));

        assertThat(verdict(Optional.empty()).failure()).isEqualTo(Failure.RESOURCES);
    }

    private void meet() {
        inbox.receive(new RankMessage.Met(List.of(
                new Introduction("a", "node-a", "0", "k"),
                new Introduction("b", "node-b", "1", "k"),
                new Introduction("b", "node-b", "1", "k"))));
    }

    private void fail(int rank, Throwable cause) {
        inbox.receive(new RankMessage.Failed(
                RankFailure.of(rank, "host", String.valueOf(rank), 18, cause, List.of("line of rank " + rank))));
    }

    private TrainingException verdict(Optional<LostExecutors.Loss> loss) {
        GangFailure failure = new Verdict(inbox, loss).failure(sparksText);
        return new TrainingException(failure.kind(), failure.cause());
    }
}
