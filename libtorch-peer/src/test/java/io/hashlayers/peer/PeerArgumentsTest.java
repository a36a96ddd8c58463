package io.hashlayers.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PeerArgumentsTest {
    @Test
    void wordsAreTakenInTheirOrder() {
        assertThat(parse("some/folder 3 1 2 a/meeting"))
                .isEqualTo(new PeerArguments(Path.of("some/folder"), 3, 1, 2, Path.of("a/meeting")));
    }

    @Test
    void missingWordsAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("some/folder 3"))
                .withMessageContaining("2 words")
                .withMessageContaining("FOLDER THREADS RANK PROCESSES MEETING-FILE");
    }

    @Test
    void whatIsNoNumberIsShown() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("dir two 0 1 m"))
                .withMessageContaining("\"two\"");
    }

    @Test
    void numbersThatCannotWorkAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("dir 0 0 1 m"))
                .withMessageContaining("0 threads");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("dir 1 2 2 m"))
                .withMessage("rank 2 of 2 processes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse("dir 1 -1 2 m"))
                .withMessage("rank -1 of 2 processes");
    }

    private static PeerArguments parse(String line) {
        return PeerArguments.parse(line.split(" ", -1));
    }
}
