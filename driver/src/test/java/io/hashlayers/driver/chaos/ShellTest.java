package io.hashlayers.driver.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class ShellTest {
    @Test
    void whatAProgramPrintsIsForTheOwnerAlone() throws IOException, InterruptedException {
        assertThat(Shell.run("stat", "--dereference", "--format=%a", "/proc/self/fd/1"))
                .isEqualTo("600\n");
    }
}
