package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.driver.compare.Claim.Relation;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class StudyReaderTest {
    private static final String SMALL = "title = t, seeds = [1], sizes { small {} }\n";
    private static final String TWO = SMALL + "variants { a {}, b {} }\n";

    @TempDir
    Path dir;

    private Study read(String text) {
        return SampleStudy.read(dir, text);
    }

    @Test
    void aStudyIsWhatItsFileSays() {
        Study study = read(SampleStudy.TABLES);

        assertThat(study.name()).isEqualTo("sample");
        assertThat(study.title()).isEqualTo("Tables");
        assertThat(study.size()).isEqualTo("small");
        assertThat(study.equality()).isEqualTo(Equality.ACTIVE_FLOPS);
        assertThat(study.seeds()).containsExactly(1L, 2L, 3L);
        assertThat(study.variants()).extracting(Variant::name).containsExactly("balanced", "random", "modulo");
        assertThat(study.variants().get(1).settings().text()).isEqualTo("moe.table=\"random\"");
        assertThat(study.datasets()).containsOnlyKeys("main");
        assertThat(study.claims())
                .containsExactly(new Claim(
                        "Balanced is better",
                        "somebody",
                        new Contrast(List.of("balanced")),
                        Relation.BELOW,
                        new Contrast(List.of("random")),
                        0,
                        Measure.VALID_LOSS,
                        Equality.NONE));
    }

    @Test
    void aSizeGoesOverWhatAllSizesShare() {
        assertThat(SampleStudy.read(dir, SampleStudy.TABLES, "paper").seeds()).containsExactly(7L);

        Study both = read(SMALL + "variants { a { moe.num-experts = 4 } }\n"
                + "sizes.small { variants { a { moe.num-experts = 8 }, b {} } }");
        assertThat(both.variants()).extracting(Variant::name).containsExactly("a", "b");
        assertThat(both.variants().get(0).settings().text()).isEqualTo("moe.num-experts=8");
    }

    @Test
    void axesMakeAllCombinationsAndTheirOrderIsThatOfTheFile() {
        Study study = read(SMALL + """
                axes {
                  router {
                    modulo { moe.table = modulo }
                    balanced { moe.table = balanced }
                  }
                  experts { 16 { moe.num-experts = 16 }, 128 { moe.num-experts = 128 }, 4 { moe.num-experts = 4 } }
                }
                variants { dense { moe.layers = [] } }
                """);

        assertThat(study.variants())
                .extracting(Variant::name)
                .containsExactly(
                        "modulo-4", "modulo-16", "modulo-128", "balanced-4", "balanced-16", "balanced-128", "dense");
        assertThat(study.variants().get(5).settings().text()).isEqualTo("moe.num-experts=128 moe.table=\"balanced\"");
    }

    @Test
    void presetsAreIncludedFromBesideTheStudy() throws IOException {
        Files.writeString(dir.resolve("preset.conf"), "train.steps = 17");

        Study study = read(TWO + "base { include required(\"preset.conf\"), train.seed = 3 }");

        assertThat(study.base().text()).isEqualTo("train.seed=3 train.steps=17");
    }

    @Test
    void datasetsAreMadeInTheirOrder() {
        Study study = read(TWO + """
                datasets {
                  main {}
                  other { text = new, tokenizer-of = main }
                  small { prepare.vocabulary-size = 300 }
                }
                """);

        assertThat(study.datasets()).containsOnlyKeys("main", "other", "small");
        assertThat(study.dataset("other").text()).isEqualTo("new");
        assertThat(study.dataset("other").tokenizerOf()).contains("main");
        assertThat(study.dataset("small").prepare().text()).isEqualTo("prepare.vocabulary-size=300");
    }

    static Stream<Arguments> bad() {
        String claim = TWO + "claims = [ { claim = c, source = s, ";
        return Stream.of(
                Arguments.of("titel = t", "there is no setting titel; did you mean title?"),
                Arguments.of("title = t, sizes { paper {} }", "has no size 'small'; choose one of paper"),
                Arguments.of("sizes { small { titel = t } }", "there is no setting titel"),
                Arguments.of("seeds = [1], sizes { small {} }, variants { a {} }", "there is no title here"),
                Arguments.of("title = t, variants { a {} }, sizes { small {} }", "there is no seeds here"),
                Arguments.of(TWO + "seeds = []", "seeds is []; it must be a list of different whole numbers"),
                Arguments.of(TWO + "seeds = [1, 1]", "it must be a list of different whole numbers"),
                Arguments.of(TWO + "seeds = 1", "it must be a list of whole numbers"),
                Arguments.of(SMALL, "compares nothing; give it variants"),
                Arguments.of(SMALL + "variants {}", "the section variants has no values"),
                Arguments.of(SMALL + "axes { e {} }", "the axis e has no values"),
                Arguments.of(SMALL + "variants { a = 3 }", "a must be a section in braces"),
                Arguments.of(SMALL + "variants { \"a/b\" {} }", "the variant 'a/b' needs another name"),
                Arguments.of(
                        SMALL + "axes { x { a {} }, y { b {} } }, variants { a-b {} }", "has two variants named 'a-b'"),
                Arguments.of(SMALL + "axes { x { a-b {}, a {} }, y { c {}, b-c {} } }", "two variants named 'a-b-c'"),
                Arguments.of(
                        TWO + "equal = flops", "equal is \"flops\"; it must be one of none, active-flops, parameters"),
                Arguments.of(TWO + "base = 3", "base must be a section in braces"),
                Arguments.of(TWO + "datasets { d { tokens = 3 } }", "there is no setting tokens"),
                Arguments.of(TWO + "datasets { d { tokenizer-of = e }, e {} }", "the name of a dataset above it"),
                Arguments.of(TWO + "claims = 3", "claims is 3; it must be a list of sections"),
                Arguments.of(claim + "}]", "there is no expect here"),
                Arguments.of(claim + "expect = \"a<b\" }]", "with spaces around the sign"),
                Arguments.of(claim + "expect = \"a < c\" }]", "of variants of the study, a, b; c is none"),
                Arguments.of(
                        claim + "expect = \"a < b\", measure = speed }]", "measure is \"speed\"; it must be one of"),
                Arguments.of(claim + "expect = \"a ~ b\" }]", "given a margin"),
                Arguments.of(claim + "expect = \"a < b\", margin = 1 }]", "more than 0 and less than 1"),
                Arguments.of(claim + "expect = \"a - b < b - a\", margin = 0.1 }]", "left out for differences"),
                Arguments.of(claim + "expected = \"a < b\" }]", "did you mean expect?"),
                Arguments.of("title = ${nowhere}", "cannot be resolved"),
                Arguments.of("title = {", "cannot be read as HOCON"));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void aBadStudyIsRefusedInASentence(String text, String sentence) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(sentence);
    }

    @Test
    void aFileWithoutSizesIsSmall() {
        assertThat(read("title = t, seeds = [1], variants { a {} }").size()).isEqualTo("small");
    }

    @Test
    void aStudyThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> StudyReader.read(dir.resolve("none.conf"), "small"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("none.conf");
    }
}
