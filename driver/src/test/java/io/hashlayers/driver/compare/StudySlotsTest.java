package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.config.Settings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudySlotsTest {
    private static Settings ranks(int ranks) {
        return Settings.load(List.of(), List.of("train.batch-sequences=48", "train.ranks=" + ranks));
    }

    @ParameterizedTest
    @CsvSource({
        "8, 1, 0, 8",
        "8, 2, 0, 4",
        "7, 2, 0, 3",
        "7, 1, 0, 6",
        "8, 8, 0, 1",
        "8, 2, 3, 3",
        "8, 1, 6, 6",
        "8, 4, 2, 2"
    })
    void aRunHasTheRanksThatItAsksForOrItsShare(int slots, int parallel, int asked, int ranks) {
        assertThat(new StudySlots(slots, parallel).ranks(ranks(asked))).isEqualTo(ranks);
    }

    @Test
    void aShareOfTheSlotsThatCannotShareTheGroupsIsNotUsedUp() {
        Settings grouped =
                Settings.load(List.of(), List.of("train.batch-sequences=48", "moe.router=base", "moe.base.groups=8"));

        assertThat(new StudySlots(7, 1).ranks(grouped)).isEqualTo(4);
    }

    @Test
    void moreThanThereIsIsRefused() {
        assertThatThrownBy(() -> new StudySlots(8, 4).ranks(ranks(3)))
                .hasMessage(
                        "4 runs at once of 3 ranks need 12 slots, but there are 8; lower --parallel or train.ranks");
        assertThatThrownBy(() -> new StudySlots(8, 1).ranks(ranks(5)))
                .hasMessageContaining("which 5 ranks cannot share evenly");
        assertThatThrownBy(() -> new StudySlots(2, 3)).hasMessageStartingWith("--parallel is 3;");
        assertThatThrownBy(() -> new StudySlots(2, 0)).hasMessageStartingWith("--parallel is 0;");
    }
}
