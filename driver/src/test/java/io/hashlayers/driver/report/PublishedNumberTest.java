package io.hashlayers.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.compare.Study;
import io.hashlayers.driver.compare.StudyReader;
import io.hashlayers.driver.compare.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PublishedNumberTest {
    @Test
    void eachBelongsToAStudyAndToAVariantOfItOrToNone() {
        assertThat(PublishedNumber.all()).isNotEmpty().allSatisfy(number -> {
            Path file = Path.of("..", "conf", "studies", number.study() + ".conf");
            assertThat(file).isRegularFile();
            assertThat(number.value()).isNotBlank();
            assertThat(number.source()).contains("arXiv");
            if (!number.variant().isEmpty()) {
                assertThat(variants(file)).contains(number.variant());
            }
        });
    }

    private static Set<String> variants(Path file) {
        Set<String> names = new HashSet<>();
        for (String size : new String[] {"small", "paper"}) {
            Study study = StudyReader.read(file, size);
            study.variants().stream().map(Variant::name).forEach(names::add);
        }
        return names;
    }

    @Test
    void theHashTypesHaveTheirTable() {
        Stream<String> values = PublishedNumber.of("hash-types").stream().map(PublishedNumber::value);

        assertThat(values).contains("24.90", "23.16", "23.22", "23.90", "24.19", "24.16", "25.07");
        assertThat(Files.exists(Path.of("..", "conf"))).isTrue();
    }
}
