package io.hashlayers.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.SampleStudy;
import io.hashlayers.driver.compare.StudyResults;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutliersTest {
    private static final String FIVE = """
            title = t, seeds = [1, 2], sizes.small {}
            variants { a { moe.table-seed = 5 }, b { moe.table-seed = 6 }, c { moe.table-seed = 7 }, d { moe.table-seed = 8 }, oracle {} }
            """;

    @TempDir
    Path dir;

    private StudyResults results(Map<String, Double> perplexities) {
        return SampleStudy.results(
                SampleStudy.read(dir, FIVE), dir, id -> perplexities.getOrDefault(id.variant(), Double.NaN));
    }

    @Test
    void aVariantFarFromAllOthersIsOne() {
        StudyResults results = results(Map.of("a", 125.0, "b", 124.0, "c", 127.0, "d", 131.0, "oracle", 12.15));
        var outliers = new Outliers(results);

        assertThat(results.runs().stream().filter(outliers::has).map(RunResult::id))
                .extracting(id -> id.variant())
                .containsExactly("oracle", "oracle");
        assertThat(outliers.notShown(Measure.VALID_PERPLEXITY)).isEqualTo("; far off and not shown: oracle, 12.15");
        assertThat(StudyReport.html(results)).contains("a bar at their mean; far off and not shown: oracle, 12.15.");
    }

    @Test
    void variantsThatDifferAsMuchAsOthersAreNone() {
        StudyResults results = results(Map.of("a", 125.0, "b", 124.0, "c", 127.0, "d", 131.0, "oracle", 140.0));

        assertThat(new Outliers(results).notShown(Measure.VALID_PERPLEXITY)).isEmpty();
    }

    @Test
    void ofFewVariantsNothingIsUsual() {
        assertThat(new Outliers(results(Map.of("a", 125.0, "b", 124.0, "oracle", 12.0)))
                        .notShown(Measure.VALID_PERPLEXITY))
                .isEmpty();
        assertThat(new Outliers(results(Map.of())).notShown(Measure.VALID_PERPLEXITY))
                .isEmpty();
    }
}
