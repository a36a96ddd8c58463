package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedactionTest {
    private final Redaction redaction = new Redaction(Map.of(
            "spark.hadoop.fs.s3a.secret.key", "wJalrXUtnFEMI",
            "spark.authenticate.secret", "hunter2hunter2",
            "spark.hadoop.fs.azure.account.key.store", "YXp1cmVrZXk",
            "spark.redaction.regex", "(?i)vault",
            "spark.my.vault", "behind-the-door",
            "spark.app.name", "training"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "signing with wJalrXUtnFEMI for training",
                "secret=hunter2hunter2, user=me",
                "spark.authenticate.secret -> hunter2hunter2",
                "fs.s3a.session.token: AQoDYXdz4w",
                "{\"password\": \"AQoDYXdz4w\"}",
                "GET http://store/x?X-Amz-Security-Token=AQoDYXdz4w&X-Amz-Date=2",
                "Authorization: Bearer AQoDYXdz4w",
                "Authorization: Basic AQoDYXdz4w",
                "AWS_SECRET_ACCESS_KEY=AQoDYXdz4w",
                "cannot open ftp://me:AQoDYXdz4w@host/file",
                "s3a://AKIA:AQoDYXdz4w/with/slash@bucket/x does not exist",
                "-D spark.hadoop.fs.s3a.encryption.key=AQoDYXdz4w: there is no such setting",
                "fs.azure.sas.container.account: AQoDYXdz4w",
                "the signature of YXp1cmVrZXk is wrong",
                "the key of behind-the-door"
            })
    void secretsAreTakenOut(String line) {
        assertThat(redaction.of(line))
                .contains("(redacted)")
                .doesNotContain("AQoDYXdz4w")
                .doesNotContain("wJalrXUtnFEMI")
                .doesNotContain("hunter2")
                .doesNotContain("YXp1cmVrZXk")
                .doesNotContain("behind-the-door");
    }

    @Test
    void allElseStays() {
        String line =
                "12:00:00 INFO  Executor: 4,096 tokens of 3 shards read, step=7 tokens=99 tokenizer: sha256:1 for training";

        assertThat(redaction.of(line)).isEqualTo(line);
        String url = "cannot reach spark://127.0.0.1:7077, hdfs://host:9000/data or abfss://box@account.host/x";
        assertThat(redaction.of(url)).isEqualTo(url);
    }
}
