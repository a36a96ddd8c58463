package io.hashlayers.driver.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.chaos.FaultSchedule.Planned;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultScheduleTest {
    private static final List<FaultKind> ALL = List.of(FaultKind.values());

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 77})
    void allKindsComeEquallyOftenAtRisingStepsOfTheRun(long seed) {
        FaultSchedule schedule = FaultSchedule.draw(seed, ALL, 3 * ALL.size(), 5, 401, 4000);

        List<FaultKind> drawn = schedule.runs().stream()
                .flatMap(List::stream)
                .map(Planned::kind)
                .toList();
        Arrays.stream(FaultKind.values())
                .forEach(kind -> assertThat(drawn.stream().filter(kind::equals)).hasSize(3));
        for (List<Planned> run : schedule.runs()) {
            assertThat(run).hasSizeBetween(1, 5);
            assertThat(run.stream().map(Planned::step).toList())
                    .isSorted()
                    .doesNotHaveDuplicates()
                    .allMatch(step -> step >= 401 && step < 4000);
        }
    }

    @Test
    void aSeedIsOneSchedule() {
        FaultSchedule one = FaultSchedule.draw(5, ALL, 20, 5, 401, 4000);

        assertThat(FaultSchedule.draw(5, ALL, 20, 5, 401, 4000)).isEqualTo(one);
        assertThat(FaultSchedule.draw(6, ALL, 20, 5, 401, 4000)).isNotEqualTo(one);
    }
}
