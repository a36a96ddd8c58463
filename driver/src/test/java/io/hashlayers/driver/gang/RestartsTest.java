package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestartsTest {
    private static TrainingException lost() {
        return new TrainingException(Failure.PEER_LOST, "lost");
    }

    @Test
    void fromOneCheckpointThereAreOnlySoMany() {
        var restarts = new Restarts(2);

        assertThat(restarts.allow(lost(), 100)).isTrue();
        assertThat(restarts.allow(lost(), 100)).isTrue();
        assertThat(restarts.allow(lost(), 100)).isFalse();
        assertThat(restarts.count()).isEqualTo(2);
    }

    @Test
    void aRunThatGetsFurtherIsNotGivenUp() {
        var restarts = new Restarts(1);

        for (long step = 0; step < 50; step++) {
            assertThat(restarts.allow(lost(), step)).isTrue();
            assertThat(restarts.pause()).isEqualTo(Duration.ofSeconds(1));
        }
        assertThat(restarts.count()).isEqualTo(50);
    }

    @Test
    void pausesGrowUpToAMinute() {
        var restarts = new Restarts(9);
        List<Long> pauses = new ArrayList<>();
        while (restarts.allow(lost(), 0)) {
            pauses.add(restarts.pause().toSeconds());
        }

        assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 60L);
    }

    @ParameterizedTest
    @EnumSource
    void whatARestartCannotMendIsNotTried(Failure kind) {
        assertThat(new Restarts(3).allow(new TrainingException(kind, "why"), 5)).isEqualTo(kind.retryable());
        assertThat(new Restarts(0).allow(new TrainingException(kind, "why"), 5)).isFalse();
    }
}
