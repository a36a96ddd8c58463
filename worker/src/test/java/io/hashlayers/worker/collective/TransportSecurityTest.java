package io.hashlayers.worker.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransportSecurityTest {
    private static final Map<String, String> AES =
            Map.of("spark.authenticate", "true", "spark.network.crypto.enabled", "true");

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "false; false; false; plain",
                "true; false; false; authenticated, not encrypted",
                "true; true; false; authenticated and encrypted (AES)",
                "true; true; true; authenticated and encrypted (AES)",
                "true; false; true; authenticated and encrypted (SASL)"
            })
    void saysInAPhraseWhatHolds(String authenticate, String crypto, String sasl, String phrase) {
        assertThat(TransportSecurity.of(Map.of(
                                "spark.authenticate",
                                authenticate,
                                "spark.network.crypto.enabled",
                                crypto,
                                "spark.authenticate.enableSaslEncryption",
                                sasl))
                        .describe())
                .isEqualTo(phrase);
    }

    @ParameterizedTest
    @CsvSource({"spark.network.crypto.enabled", "spark.authenticate.enableSaslEncryption"})
    void encryptionNeedsASecret(String key) {
        requireRefused(Map.of(key, "true"), key + " is true, but without spark.authenticate there is no secret");
    }

    @ParameterizedTest
    @CsvSource({"spark.ssl.enabled", "spark.ssl.rpc.enabled"})
    void plainTextIsRefusedWhereTheClusterAsksForEncryption(String key) {
        requireRefused(Map.of(key, "true"), "set spark.network.crypto.enabled and spark.authenticate to true");
        requireRefused(Map.of(key, "true", "spark.authenticate", "true"), "set spark.network.crypto.enabled to true");
        Map<String, String> encrypted =
                Map.of(key, "true", "spark.authenticate", "true", "spark.network.crypto.enabled", "true");
        TransportSecurity.of(encrypted).requireWhatIsAsked(encrypted);
    }

    @Test
    void tlsOfAWebPageAloneAsksForNothing() {
        Map<String, String> page = Map.of("spark.ssl.ui.enabled", "true");

        TransportSecurity.of(page).requireWhatIsAsked(page);
    }

    @Test
    void aCipherThatSparkCannotDecryptIsRefused() {
        requireRefused(
                Map.of(
                        "spark.authenticate",
                        "true",
                        "spark.network.crypto.enabled",
                        "true",
                        "spark.network.crypto.cipher",
                        "AES/GCM/NoPadding"),
                "set it to AES/CTR/NoPadding");
    }

    @Test
    void noPeerMayChooseLess() {
        assertThat(TransportSecurity.of(AES).strict(AES))
                .containsAllEntriesOf(AES)
                .containsEntry("spark.network.crypto.saslFallback", "false");
        Map<String, String> sasl =
                Map.of("spark.authenticate", "true", "spark.authenticate.enableSaslEncryption", "true");
        assertThat(TransportSecurity.of(sasl).strict(sasl))
                .containsEntry("spark.network.sasl.serverAlwaysEncrypt", "true");
    }

    @Test
    void settingsAreNotTold() {
        Map<String, String> conf = Map.of("spark.hadoop.fs.s3a.secret.key", "hush");

        assertThat(new TransportSettings("127.0.0.1", conf, StrangersTest.secret("hush"), "app", 1, 8))
                .asString()
                .doesNotContain("hush");
    }

    private static void requireRefused(Map<String, String> spark, String why) {
        assertThatThrownBy(() -> TransportSecurity.of(spark).requireWhatIsAsked(spark))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(why);
    }
}
