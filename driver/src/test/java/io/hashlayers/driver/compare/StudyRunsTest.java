package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StudyRunsTest {
    private static final String HEAD = "title = t, seeds = [1, 2], sizes { small {} }\n";

    @TempDir
    Path dir;

    private List<StudyRun> runs(String text, String... overrides) {
        return StudyRuns.of(SampleStudy.read(dir, text), List.of(overrides));
    }

    @Test
    void seedBySeedAllVariantsAreRun() {
        List<StudyRun> runs = runs(HEAD + "variants { a { moe.table = random }, b {} }");

        assertThat(runs)
                .extracting(run -> run.id().toString())
                .containsExactly("a, seed 1", "b, seed 1", "a, seed 2", "b, seed 2");
        assertThat(runs.get(2).settings().train().seed()).isEqualTo(2);
        assertThat(runs.get(2).settings().run("r", 50).table().seed())
                .as("a random table is drawn anew for each seed")
                .isEqualTo(2);
        assertThat(runs.get(2).differences()).isEqualTo("moe.table=\"random\"");
    }

    @Test
    void settingsGoOverEachOther() {
        List<StudyRun> runs = runs(
                HEAD + "base { train.steps = 3, moe.num-experts = 4 }\n"
                        + "variants { a { moe { num-experts = 8, table-seed = 9 }, train.seed = 5 } }",
                "train.steps=7");
        var settings = runs.get(0).settings();

        assertThat(settings.train().steps()).isEqualTo(7);
        assertThat(settings.model(50).numExperts()).isEqualTo(8);
        assertThat(settings.run("r", 50).table().seed()).isEqualTo(9);
        assertThat(settings.train().seed())
                .as("pairs need the seed of the study")
                .isEqualTo(1);
    }

    @Test
    void theBaseMayFixTheSeedOfTables() {
        List<StudyRun> runs = runs(HEAD + "base { moe.table-seed = 4 }, variants { a {}, b { moe.table-seed = 5 } }");

        assertThat(runs)
                .extracting(run -> run.settings().run("r", 50).table().seed())
                .containsExactly(4L, 5L, 4L, 5L);
    }

    @Test
    void runsStandBehindThoseThatTheyBuildOn() {
        List<StudyRun> runs = runs(
                HEAD
                        + "variants { c { train.data = main, kernels = \"run:b\" }, b { prepare.tokenizer = \"run:a\" }, a {} }");

        assertThat(runs).extracting(run -> run.id().variant()).containsExactly("a", "b", "c", "a", "b", "c");
        assertThat(runs.get(2).needs()).containsExactly(new RunId("b", 1));
        assertThat(runs.get(5).needs()).containsExactly(new RunId("b", 2));
    }

    @RandomSeeds(50)
    void anyOrderOfVariantsIsPutRight(long seed) {
        var random = new Random(seed);
        int count = 1 + random.nextInt(8);
        List<Integer> order = IntStream.range(0, count).boxed().collect(Collectors.toCollection(ArrayList::new));
        Collections.shuffle(order, random);
        String variants = order.stream()
                .map(i -> i > 0 && random.nextBoolean()
                        ? "v%d { prepare.tokenizer = \"run:v%d\" }".formatted(i, random.nextInt(i))
                        : "v%d {}".formatted(i))
                .collect(Collectors.joining(", ", "variants { ", " }"));

        List<StudyRun> runs = runs(HEAD + variants);

        assertThat(runs).hasSize(2 * count).doesNotHaveDuplicates();
        List<RunId> done = new ArrayList<>();
        for (StudyRun run : runs) {
            assertThat(done).containsAll(run.needs());
            done.add(run.id());
        }
    }

    @Test
    void onlySomeVariantsComeWithWhatTheyBuildOnAndWithClaimsOfTheirOwn() {
        Study study = SampleStudy.read(dir, HEAD + """
                        variants { a {}, b { prepare.tokenizer = "run:a" }, c {} }
                        claims = [
                          { claim = x, source = s, expect = "a < b" }
                          { claim = y, source = s, expect = "a < c" }
                        ]
                        """);

        Study some = StudyRuns.restrict(study, List.of("b"));

        assertThat(some.variants()).extracting(Variant::name).containsExactly("a", "b");
        assertThat(some.claims()).extracting(Claim::text).containsExactly("x");
        assertThat(StudyRuns.restrict(study, List.of())).isEqualTo(study);
        assertThatThrownBy(() -> StudyRuns.restrict(study, List.of("d")))
                .isInstanceOf(TrainingException.class)
                .hasMessage("--only names d, which is no variant of the study; choose among a, b, c");
    }

    static Stream<Arguments> bad() {
        return Stream.of(
                Arguments.of(
                        "variants { a { moe.tabel = random } }", "variant a of sample: ", "did you mean moe.table?"),
                Arguments.of(
                        "variants { a { prepare.tokenizer = \"run:b\" } }",
                        "prepare.tokenizer of the variant a needs the variant 'b'",
                        "which the study does not have"),
                Arguments.of(
                        "variants { a { kernels = \"run:b\" }, b { kernels = \"run:c\" }, c { kernels = \"run:a\" } }",
                        "in a circle",
                        "a needs b needs c needs a"),
                Arguments.of("variants { a { kernels = \"run:a\" } }", "in a circle", "a needs a"),
                Arguments.of(
                        "variants { a { train.data = other } }",
                        "train.data of the variant a is 'other'",
                        "one of its datasets, main"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void runsThatCannotBeAreRefused(String variants, String what, String more) {
        assertThatThrownBy(() -> runs(HEAD + variants))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(what)
                .hasMessageContaining(more);
    }

    @Test
    void theSeedIsNotASettingOfTheCommandLine() {
        assertThatThrownBy(() -> runs(HEAD + "variants { a {} }", "train.seed=3"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("choose others with --seeds");
    }
}
