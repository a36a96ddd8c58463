package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class Sha256Test {
    /** From FIPS 180-4's examples. */
    @Test
    void theExamplesOfTheStandardHold() {
        assertThat(Sha256.of("abc".getBytes(StandardCharsets.US_ASCII)))
                .isEqualTo("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assertThat(Sha256.of(new byte[0]))
                .isEqualTo("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @RandomSeeds(10)
    void piecesGiveTheDigestOfTheWholeAndFinishStartsAnew(long seed) {
        var random = new SplittableRandom(seed);
        byte[] bytes = new byte[random.nextInt(1, 1000)];
        random.nextBytes(bytes);
        var sha256 = new Sha256();

        for (int repetition = 0; repetition < 2; repetition++) {
            for (int from = 0; from < bytes.length; ) {
                int length = random.nextInt(1, bytes.length - from + 1);
                sha256.update(bytes, from, length);
                from += length;
            }
            assertThat(sha256.finish()).isEqualTo(Sha256.of(bytes));
        }
    }

    @Test
    void onlyTheFormThatIsWrittenIsAccepted() {
        String good = Sha256.of(new byte[1]);

        assertThatCode(() -> Sha256.requireForm("checksum", good)).doesNotThrowAnyException();
        for (String bad : List.of("", "sha256:", good.substring(1), good + "0", good.toUpperCase(Locale.ROOT))) {
            assertThatThrownBy(() -> Sha256.requireForm("checksum", bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("checksum is '" + bad + "', not 'sha256:' and 64");
        }
    }
}
