package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.collective.RankActivity;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LivingRanksTest {
    private static final Duration LONGEST = Duration.ofSeconds(30);

    private long now;
    private long millis = 5;
    private final LivingRanks living = new LivingRanks(() -> now);

    @Test
    void anExecutorThatTellsNothingForTooLongIsSilentAndTheLongestSilenceIsFirst() {
        alive("1", 3);
        pass(10);
        alive("0", 0, 1);

        pass(20);
        assertThat(living.silentFor(LONGEST)).isEmpty();
        pass(11);
        assertThat(living.silentFor(LONGEST)).extracting(Silence::executor).containsExactly("1", "0");
        assertThat(living.silentFor(LONGEST).get(0).lasted()).isEqualTo(Duration.ofSeconds(41));
        assertThat(living.silentFor(LONGEST).get(1).ranks().keySet()).containsExactly(0, 1);
        alive("1", 3);
        assertThat(living.silentFor(LONGEST)).extracting(Silence::executor).containsExactly("0");
    }

    @Test
    void whoHasEndedOrIsLostIsNotSilentAndALateHeartbeatChangesNothing() {
        alive("0", 0);
        alive("1", 1);
        alive("0");
        living.forget("1");
        alive("1", 1);
        pass(1000);

        assertThat(living.silentFor(LONGEST)).isEmpty();
        assertThat(living.executors()).isEmpty();
        assertThat(living.lastOf(1)).isPresent();
    }

    @Test
    void aDriverThatCouldNotHearBlamesNobody() {
        alive("0", 0);
        pass(1000);
        living.couldNotHear();

        assertThat(living.silentFor(LONGEST)).isEmpty();
        pass(31);
        assertThat(living.silentFor(LONGEST)).hasSize(1);
    }

    @Test
    void aRankThatIsInTheSameForTooLongIsStuckButForProgramsThatTellNothing() {
        millis = 90_000;
        alive("0", 0, 1);
        millis = 110_000;
        alive("1", 3);
        living.hear(new RankMessage.Alive(
                "2",
                new TreeMap<>(Map.of(4, new RankActivity.Snapshot(RankActivity.Phase.RUNNING, 0, "", 999_000_000)))));

        assertThat(living.inTheSameFor(Duration.ofSeconds(100))).containsExactly(3);
    }

    @ParameterizedTest
    @CsvSource({"1, 166", "30, 5000", "600, 5000"})
    void severalHeartbeatsMayBeLostBeforeASilenceIsOne(int longestSeconds, long millis) {
        assertThat(LivingRanks.interval(Duration.ofSeconds(longestSeconds)).toMillis())
                .isEqualTo(millis);
    }

    private void pass(long seconds) {
        now += Duration.ofSeconds(seconds).toNanos();
    }

    private void alive(String executor, int... ranks) {
        Map<Integer, RankActivity.Snapshot> states = new TreeMap<>();
        for (int rank : ranks) {
            states.put(rank, new RankActivity.Snapshot(RankActivity.Phase.TRAINING, 7, "", millis));
        }
        living.hear(new RankMessage.Alive(executor, new TreeMap<>(states)));
    }
}
