package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EqualityCheckTest {
    private static final String HEAD = """
            title = t, seeds = [1], sizes { small {} }
            base {
              model { context-length = 8, layers = 2, dim = 8, ffn-dim = 16, heads = 2 }
              moe { layers = [1], num-experts = 4 }, train { steps = 10, batch-sequences = 2 }
            }
            """;

    @TempDir
    Path dir;

    private void check(String text) {
        Study study = SampleStudy.read(dir, HEAD + text);
        EqualityCheck.require(study, StudyRuns.of(study, List.of()), name -> 50);
    }

    @Test
    void expertsAddParametersAndNoFlops() {
        String variants = "variants {\n dense { moe.layers = [] }\n sparse {}\n more { moe.num-experts = 64 }\n}\n";

        assertThatCode(() -> check(variants + "equal = active-flops")).doesNotThrowAnyException();
        assertThatCode(() -> check(variants)).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(variants + "equal = parameters"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(
                        "the study sample asks for equal parameters, but dense has 1,680 and sparse has 2,520");
    }

    @ParameterizedTest
    @CsvSource({
        "moe.experts-per-token = 2, weights that multiply a token",
        "model.ffn-dim = 32,        weights that multiply a token",
        "model.layers = 3,          weights that multiply a token",
        "train.steps = 20,          tokens",
        "train.batch-sequences = 4, tokens"
    })
    void whatCostsMoreIsNotEqual(String setting, String what) {
        assertThatThrownBy(() -> check("equal = active-flops, variants { a {}, b { " + setting + " } }"))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("asks for equal " + what + ", but a has")
                .hasMessageContaining("and b has");
    }

    @Test
    void aClaimAsksOnlyForItsOwnVariants() {
        String study = "variants { a {}, b {}, wide { model.ffn-dim = 64 } }\n"
                + "claims = [ { claim = c, source = s, equal = active-flops, expect = \"a < %s\" } ]";

        assertThatCode(() -> check(study.formatted("b"))).doesNotThrowAnyException();
        assertThatThrownBy(() -> check(study.formatted("wide")))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("the claim a < wide asks for equal");
    }
}
