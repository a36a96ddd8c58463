package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.train.TrainConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EvaluateCommandTest {
    @ParameterizedTest(name = "{0} sequences in {1} parts on {2} ranks: {3}")
    @CsvSource({
        "8, 1, 2, 1",
        "8, 8, 0, 8",
        "8, 8, 1, 8",
        "8, 8, 2, 4",
        "8, 8, 8, 1",
        "24, 6, 4, 6",
        "24, 6, 3, 4",
        "8, 4, 3, 1"
    })
    void aBatchIsInAsManyPartsAsInTrainingOrFewerThatTheRanksCanShare(int batch, int parts, int ranks, int expected) {
        TrainConfig train = new TrainConfig(1, batch, parts, false, 0, 0, 0, 0, 1);

        assertThat(EvaluateCommand.partsOfBatch(train, ranks)).isEqualTo(expected);
    }
}
