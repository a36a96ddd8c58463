package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.compare.RunOutcome.Failed;
import io.hashlayers.driver.compare.RunOutcome.Finished;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.SilentReporter;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StudyExecutionTest {
    private static final String CHAIN = """
            title = t, seeds = [1, 2], sizes { small {} }
            variants {
              source { optimizer.learning-rate = %s }
              user { kernels = "run:source", prepare.tokenizer = "distilled:source" }
              alone {}
            }
            """;

    private static final List<String> WORK = List.of(
            "source, seed 1",
            "distil source, seed 1",
            "user, seed 1",
            "alone, seed 1",
            "source, seed 2",
            "distil source, seed 2",
            "user, seed 2",
            "alone, seed 2");

    private static final RunReporter REPORTER = new SilentReporter();

    @TempDir
    Path dir;

    private final Trainer trainer = new Trainer();
    private final Story story = new Story();
    private int parallel = 1;

    /** Trains nothing, but fails when told to. */
    private static final class Trainer implements RunTrainer {
        final List<String> trained = Collections.synchronizedList(new ArrayList<>());
        final Set<String> finished = ConcurrentHashMap.newKeySet();
        final Map<String, Deque<RuntimeException>> failures = new HashMap<>();
        CountDownLatch meeting = new CountDownLatch(1);
        boolean over;

        void fail(String run, RuntimeException... with) {
            failures.put(run, new ArrayDeque<>(List.of(with)));
        }

        @Override
        public Trained train(ResolvedRun run, RunReporter reporter) {
            trained.add(run.id().toString());
            assertThat(reporter).isSameAs(REPORTER);
            assertThat(finished)
                    .containsAll(run.run().needs().stream().map(RunId::toString).toList());
            meet();
            Deque<RuntimeException> left = failures.getOrDefault(run.id().toString(), new ArrayDeque<>());
            if (!left.isEmpty()) {
                throw left.remove();
            }
            finished.add(run.id().toString());
            RunRecord record = SampleStudy.record(run, 20);
            return new Trained(record.summary(), record.facts());
        }

        @Override
        public boolean over() {
            return over;
        }

        /** The first runs wait for each other, as many as meet. */
        private void meet() {
            try {
                meeting.countDown();
                assertThat(meeting.await(30, TimeUnit.SECONDS))
                        .as("runs at once")
                        .isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void distil(ResolvedRun source, String tableFile, RunReporter reporter) {
            trained.add("distil " + source.id());
            try {
                Files.writeString(Path.of(tableFile), "table");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Notes what it hears. */
    private static final class Story implements StudyExecution.Listener {
        final List<String> events = new ArrayList<>();

        @Override
        public RunReporter starting(int number, int total, ResolvedRun run) {
            events.add(number + "/" + total + " " + run.id());
            return REPORTER;
        }

        @Override
        public void retrying(ResolvedRun run, TrainingException failure) {
            events.add("again " + run.id());
        }

        @Override
        public void ended(RunOutcome outcome, List<RunOutcome> soFar) {
            events.add("ended " + soFar.size());
        }
    }

    private List<RunOutcome> run(String rate, String... overrides) {
        return execution(rate, overrides).run();
    }

    private StudyExecution execution(String rate, String... overrides) {
        List<ResolvedRun> runs = SampleStudy.runs(SampleStudy.read(dir, CHAIN.formatted(rate)), dir, overrides);
        return new StudyExecution(runs, trainer, story, new Configuration(), parallel);
    }

    private static TrainingException failure(Failure kind) {
        return new TrainingException(kind, "because of " + kind);
    }

    @Test
    void allRunsAreDoneInOrderAndARouterIsDistilledBeforeItIsNeeded() {
        List<RunOutcome> outcomes = run("0.1");

        assertThat(trainer.trained).isEqualTo(WORK);
        assertThat(outcomes).hasSize(6).allSatisfy(outcome -> {
            assertThat(outcome).isInstanceOf(Finished.class);
            assertThat(outcome.record().orElseThrow().summary().validPerplexity())
                    .isEqualTo(20);
            assertThat(outcome.attempts()).isEqualTo(1);
        });
        assertThat(story.events).startsWith("1/6 source, seed 1", "ended 1", "2/6 user, seed 1", "ended 2");
    }

    @Test
    void runsAtOnceAreAsManyAsAskedForAndWaitForWhatTheyNeed() {
        parallel = 3;
        trainer.meeting = new CountDownLatch(3); // source and alone of one seed, source of the other

        List<RunOutcome> outcomes = run("0.1");

        assertThat(outcomes).hasSize(6).allMatch(Finished.class::isInstance);
        assertThat(trainer.trained).containsExactlyInAnyOrderElementsOf(WORK);
        assertThat(story.events).startsWith("1/6 source, seed 1", "3/6 alone, seed 1", "4/6 source, seed 2", "ended 1");
        assertThat(outcomes)
                .allSatisfy(outcome ->
                        assertThat(outcome.record().orElseThrow().parallel()).isEqualTo(3));
    }

    @Test
    void aRunThatFailsAmongOthersFailsAlone() {
        parallel = 3;
        trainer.fail("source, seed 1", failure(Failure.USER));

        List<RunOutcome> outcomes = run("0.1");

        assertThat(outcomes).hasSize(6);
        assertThat(outcomes)
                .filteredOn(Failed.class::isInstance)
                .extracting(outcome -> outcome.run().id().toString())
                .containsExactlyInAnyOrder("source, seed 1", "user, seed 1");
    }

    @Test
    void finishedRunsAreKeptAndChangedOnesAreRunAgain() {
        assertThat(execution("0.1").remaining()).hasSize(6);
        List<RunOutcome> first = run("0.1");
        trainer.trained.clear();

        List<RunOutcome> second = run("0.1");
        assertThat(trainer.trained).isEmpty();
        assertThat(execution("0.1").remaining()).isEmpty();
        assertThat(second).allMatch(outcome -> ((Finished) outcome).kept());
        assertThat(second)
                .extracting(outcome -> outcome.record().orElseThrow())
                .isEqualTo(first.stream()
                        .map(outcome -> outcome.record().orElseThrow())
                        .toList());

        assertThat(execution("0.2").remaining())
                .extracting(run -> run.id().variant())
                .containsExactly("source", "user", "source", "user");
        run("0.2");
        assertThat(trainer.trained)
                .as("the changed one, and what builds on it")
                .contains("source, seed 1", "user, seed 1", "source, seed 2", "user, seed 2")
                .doesNotContain("alone, seed 1");

        trainer.trained.clear();
        run("0.2", "train.steps=9");
        assertThat(trainer.trained).contains("alone, seed 1", "alone, seed 2");
    }

    @Test
    void finishedRunsOfOtherRanksAreNeitherMixedNorThrownAway() {
        run("0.1");

        assertThatThrownBy(() -> execution("0.1", "train.ranks=1").remaining())
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("had 2 ranks, and runs would have 1 now; set -D train.ranks=2");
    }

    @Test
    void aRunThatWasCutOffIsNotTakenForFinished() throws IOException {
        run("0.1");
        Files.writeString(dir.resolve("runs/alone/seed-1/study.json"), "{\"digest\":");
        Files.delete(dir.resolve("runs/alone/seed-2/study.json"));
        trainer.trained.clear();

        run("0.1");

        assertThat(trainer.trained).containsExactly("alone, seed 1", "alone, seed 2");
    }

    @ParameterizedTest
    @EnumSource(names = {"DATA", "RESOURCES", "PEER_LOST", "BUG"})
    void aRunThatFailsOnceIsTriedAgain(Failure kind) {
        trainer.fail("alone, seed 1", failure(kind));

        RunOutcome outcome = run("0.1").get(2);

        assertThat(outcome).isInstanceOf(Finished.class);
        assertThat(outcome.attempts()).isEqualTo(2);
        assertThat(story.events).contains("again alone, seed 1");
        assertThat(run("0.1").get(2).attempts()).as("as it was kept").isEqualTo(2);
    }

    @Test
    void aRunThatFailsTwiceIsReportedWithThoseThatNeedItAndTheOthersGoOn() {
        trainer.fail("source, seed 1", failure(Failure.PEER_LOST), failure(Failure.RESOURCES));

        List<RunOutcome> outcomes = run("0.1");

        assertThat(outcomes).hasSize(6);
        assertThat(outcomes.get(0)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.failure()).isEqualTo("because of RESOURCES");
            assertThat(failed.attempts()).isEqualTo(2);
            assertThat(failed.exitCode()).isEqualTo(4);
        });
        assertThat(outcomes.get(1)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.failure()).isEqualTo("it needs source, seed 1, which failed");
            assertThat(failed.attempts()).isZero();
        });
        assertThat(outcomes.subList(2, 6)).allMatch(Finished.class::isInstance);
        assertThat(trainer.trained).doesNotContain("user, seed 1");

        trainer.trained.clear();
        assertThat(run("0.1")).as("started again").allMatch(Finished.class::isInstance);
        assertThat(trainer.trained).containsExactly("source, seed 1", "distil source, seed 1", "user, seed 1");
    }

    @ParameterizedTest
    @EnumSource(names = {"USER", "DIVERGED"})
    void whatCannotHelpIsNotTried(Failure kind) {
        trainer.fail("alone, seed 1", failure(kind));

        RunOutcome outcome = run("0.1").get(2);

        assertThat(outcome).isInstanceOf(Failed.class);
        assertThat(outcome.attempts()).isEqualTo(1);
    }

    @Test
    void theEndOfTheApplicationEndsTheStudyAndIsNoOutcome() {
        trainer.fail("user, seed 1", failure(Failure.RESOURCES));
        trainer.over = true;

        assertThatThrownBy(() -> run("0.1")).hasMessage("because of RESOURCES");
        assertThat(story.events).containsExactly("1/6 source, seed 1", "ended 1", "2/6 user, seed 1");

        trainer.over = false;
        assertThat(run("0.1")).allMatch(Finished.class::isInstance);
    }

    @Test
    void aFaultOfTheProgramFailsARunAndNotTheStudy() {
        trainer.fail("alone, seed 2", new IllegalStateException("oops"), new IllegalStateException("oops"));

        List<RunOutcome> outcomes = run("0.1");

        assertThat(outcomes.get(5)).isInstanceOfSatisfying(Failed.class, failed -> {
            assertThat(failed.failure()).contains("oops");
            assertThat(failed.exitCode()).isEqualTo(70);
        });
    }
}
