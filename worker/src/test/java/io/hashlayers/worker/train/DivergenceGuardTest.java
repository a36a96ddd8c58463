package io.hashlayers.worker.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DivergenceGuardTest {
    @ParameterizedTest
    @CsvSource({
        "NaN, 1, the loss of step 5 is NaN",
        "Infinity, 1, the loss of step 5 is Infinity",
        "NaN, NaN, the loss of step 5 is NaN",
        "1, NaN, the gradient norm of step 5 is NaN",
        "1, Infinity, the gradient norm of step 5 is Infinity"
    })
    void whatIsNotFiniteIsRefused(double loss, double norm, String message) {
        assertDiverged(() -> new DivergenceGuard(0).require(5, loss, norm), message);
        assertDiverged(() -> new DivergenceGuard(2).require(5, loss, norm), message);
    }

    /** Of losses 1, 2, ... 32 the median is 16.5; those before them do not count. */
    @Test
    void aLossRunsAwayFromTheMedianOfTheLastSteps() {
        var guard = new DivergenceGuard(2);
        for (int i = 0; i < 40; i++) {
            guard.require(i, 0.001, 1);
        }
        for (int i = 1; i <= DivergenceGuard.WINDOW; i++) {
            guard.restore(List.of((double) i));
        }

        assertThatCode(() -> copy(guard).require(99, 33, 1)).doesNotThrowAnyException();
        assertDiverged(
                () -> copy(guard).require(99, 33.01, 1),
                "the loss of step 99 is 33.01, more than train.divergence-factor = 2.0 times 16.5, the median of the 32 steps before");
    }

    @Test
    void beforeThereAreEnoughStepsNothingRunsAway() {
        var guard = new DivergenceGuard(2);
        for (int i = 0; i < DivergenceGuard.WINDOW; i++) {
            double loss = Math.pow(10, i);
            assertThatCode(() -> guard.require(1, loss, 1)).doesNotThrowAnyException();
        }
    }

    @Test
    void aRefusedLossIsNotAmongThoseThatOthersAreComparedWith() {
        var guard = new DivergenceGuard(2);
        for (int i = 0; i < 40; i++) {
            guard.require(i, 1 + 0.01 * i, 1);
        }
        var before = guard.recent();

        assertDiverged(() -> guard.require(41, 100, 1), "the loss of step 41");

        assertThat(guard.recent()).isEqualTo(before).hasSize(DivergenceGuard.WINDOW);
        assertThat(copy(guard).recent()).isEqualTo(before);
    }

    private static DivergenceGuard copy(DivergenceGuard guard) {
        var copy = new DivergenceGuard(2);
        copy.restore(guard.recent());
        return copy;
    }

    private static void assertDiverged(ThrowingCallable step, String message) {
        assertThatThrownBy(step)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DIVERGED))
                .hasMessageContaining(message);
    }
}
