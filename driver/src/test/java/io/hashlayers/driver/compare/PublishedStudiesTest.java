package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.hashlayers.driver.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The studies that come with the program. */
class PublishedStudiesTest {
    private static final Path STUDIES = Path.of("..", "conf", "studies");
    private static final String MODEL = "small-model.conf"; // shared by them

    static List<Path> studies() throws IOException {
        try (Stream<Path> files = Files.list(STUDIES)) {
            return files.filter(file -> !file.endsWith(MODEL)).sorted().toList();
        }
    }

    static Stream<Arguments> sizes() throws IOException {
        return studies().stream().flatMap(file -> Stream.of("small", "paper")
                .map(size -> Arguments.of(file.getFileName().toString(), size)));
    }

    @Test
    void thereIsOneForEachQuestionOfThePaper() throws IOException {
        assertThat(studies())
                .extracting(file -> file.getFileName().toString())
                .contains(
                        "base-vs-hash.conf",
                        "dense-vs-sparse.conf",
                        "dictionary-size.conf",
                        "distil-freeze.conf",
                        "finetune-freeze.conf",
                        "hash-types.conf",
                        "hash-vs-switch-experts.conf",
                        "layer-position.conf",
                        "multihash.conf",
                        "sparse-depth.conf",
                        "token-router.conf");
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void itHasClaimsWithSourcesAndEnoughSeeds(String file, String size) {
        Study study = StudyReader.read(STUDIES.resolve(file), size);

        assertThat(study.claims()).isNotEmpty().allSatisfy(claim -> {
            assertThat(claim.text()).isNotBlank();
            assertThat(claim.source()).isNotBlank();
        });
        assertThat(study.about()).isNotBlank();
        if (size.equals("small")) {
            assertThat(study.seeds()).hasSizeGreaterThanOrEqualTo(Finding.LEAST_PAIRS);
        }
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void itsSettingsAreKnownAndItsVariantsAsEqualAsItSays(String file, String size) {
        Study study = StudyReader.read(STUDIES.resolve(file), size);

        List<StudyRun> runs = StudyRuns.of(study, List.of());

        assertThat(runs).hasSize(study.variants().size() * study.seeds().size());
        assertThatCode(() -> EqualityCheck.require(study, runs, dataset -> vocabulary(study, dataset)))
                .doesNotThrowAnyException();
        runs.forEach(run -> run.settings().run("", vocabulary(study, run.dataset())));
    }

    private static int vocabulary(Study study, String dataset) {
        DatasetRecipe recipe = study.dataset(dataset);
        return Settings.of(recipe.prepare().over(study.base()), List.of())
                .prepare()
                .vocabularySize();
    }
}
