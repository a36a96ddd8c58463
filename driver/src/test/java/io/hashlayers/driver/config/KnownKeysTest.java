package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class KnownKeysTest {
    private final KnownKeys known = new KnownKeys(ConfigSources.packed("reference.conf"));

    @ParameterizedTest
    @MethodSource("io.hashlayers.driver.config.SettingsTest#keys")
    void anySlipOfOneLetterFindsTheKey(String key) {
        assertThat(known.contains(key)).isTrue();
        assertThat(known.nearest(key)).isEqualTo(key);
        for (int i = 0; i < key.length(); i++) {
            String before = key.substring(0, i);
            String after = key.substring(i + 1);
            for (String slip :
                    new String[] {before + after, before + "x" + after, before + key.charAt(i) + "x" + after}) {
                assertThat(known.nearest(slip)).as(slip).satisfies(found -> assertThat(
                                oneEditApart(found, slip) || found.equals(key))
                        .isTrue());
            }
        }
    }

    /** Whether one letter more, less or other makes the one of the other. */
    private static boolean oneEditApart(String a, String b) {
        int prefix = 0;
        while (prefix < Math.min(a.length(), b.length()) && a.charAt(prefix) == b.charAt(prefix)) {
            prefix++;
        }
        int suffix = 0;
        while (suffix < Math.min(a.length(), b.length()) - prefix
                && a.charAt(a.length() - 1 - suffix) == b.charAt(b.length() - 1 - suffix)) {
            suffix++;
        }
        return Math.max(a.length(), b.length()) - prefix - suffix <= 1;
    }

    @ParameterizedTest
    @CsvSource({
        "trian.steps,          train.steps",
        "mo.layers,            moe.layers",
        "mdoel.layers,         model.layers",
        "train.learning-rate,  optimizer.learning-rate",
        "learning-rate,        optimizer.learning-rate",
        "learning_rate,        optimizer.learning-rate",
        "train.numexperts,     moe.num-experts",
        "Kernels,              kernels",
        "worker.kernels,       kernels",
        "train.kernel,         kernels",
        "bench.batch-sequence, train.batch-sequences"
    })
    void theKeyThatWasMeantIsFound(String slip, String meant) {
        assertThat(known.nearest(slip)).isEqualTo(meant);
    }

    @Test
    void onlyWholeKeysAreKnown() {
        assertThat(known.contains("train")).isFalse();
        assertThat(known.contains("train.step")).isFalse();
        assertThat(new KnownKeys(ConfigFactory.parseString("a.b = 1, c = [2]")).contains("c"))
                .isTrue();
    }
}
