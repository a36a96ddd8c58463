package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NamedValuesTest {
    @Test
    void aValueMayHaveAName() {
        assertThat(NamedValues.of(List.of("a.txt", "other=b.txt", "hdfs://x/y=z", "c", "other=d=e"), "main"))
                .isEqualTo(Map.of("main", List.of("a.txt", "hdfs://x/y=z", "c"), "other", List.of("b.txt", "d=e")));
    }
}
