package io.hashlayers.worker.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.worker.checkpoint.Retention.Saved;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetentionTest {
    private static final List<Saved> SAVED = List.of(
            new Saved(100, 50), new Saved(200, 30), new Saved(300, Double.NaN), new Saved(400, 40), new Saved(450, 45));

    @ParameterizedTest
    @CsvSource({
        "0, 0, false, ''",
        "1, 0, false, '100 200 300 400'",
        "2, 0, false, '100 200 300'",
        "9, 0, false, ''",
        "1, 0, true, '100 300 400'",
        "1, 200, false, '100 300'",
        "1, 300, true, '100 400'"
    })
    void theNewestTheEvenOnesAndTheBestStay(int last, long every, boolean best, String gone) {
        assertThat(new Retention(last, every, best).obsolete(SAVED))
                .isEqualTo(
                        gone.isEmpty()
                                ? List.of()
                                : Stream.of(gone.split(" ", -1))
                                        .map(Long::valueOf)
                                        .toList());
    }

    @Test
    void withoutAnEvaluationNoneIsTheBest() {
        assertThat(new Retention(1, 0, true).obsolete(List.of(new Saved(1, Double.NaN), new Saved(2, Double.NaN))))
                .containsExactly(1L);
        assertThat(new Retention(1, 0, true).obsolete(List.of())).isEmpty();
    }

    @Test
    void negativeNumbersAreRefused() {
        assertThatThrownBy(() -> new Retention(-1, 0, true)).hasMessageStartingWith("train.keep-last is -1");
        assertThatThrownBy(() -> new Retention(0, -1, true)).hasMessageStartingWith("train.keep-every is -1");
    }
}
