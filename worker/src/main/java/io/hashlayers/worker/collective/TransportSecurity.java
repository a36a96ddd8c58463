package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What Spark's settings ask of the ways between ranks: {@code spark.authenticate} with {@code spark.network.crypto.enabled}, or
 * with the older {@code spark.authenticate.enableSaslEncryption}.
 *
 * @param authenticated whether a peer must prove that it has the application's secret
 * @param encryption what encrypts all bytes on the wire
 */
public record TransportSecurity(boolean authenticated, Encryption encryption) {
    private static final String AUTHENTICATE = "spark.authenticate";
    private static final String CRYPTO = "spark.network.crypto.enabled";
    private static final String CIPHER = "spark.network.crypto.cipher";
    private static final String FALLBACK = "spark.network.crypto.saslFallback";
    private static final String SASL = "spark.authenticate.enableSaslEncryption";
    private static final String ALWAYS_SASL = "spark.network.sasl.serverAlwaysEncrypt";

    /** By which an administrator says that what Spark sends be encrypted; those of single web pages do not count. */
    private static final List<String> SSL = List.of("spark.ssl.enabled", "spark.ssl.rpc.enabled");

    /** What encrypts the bytes on the wire. */
    public enum Encryption {
        NONE("not encrypted"),
        AES("encrypted (AES)"),
        SASL("encrypted (SASL)");

        private final String text;

        Encryption(String text) {
            this.text = text;
        }
    }

    /**
     * Takes it from Spark's settings.
     *
     * @throws TrainingException of kind {@code USER} if they ask for encryption between peers that do not know each other, or
     *     for one that does not work
     */
    public static TransportSecurity of(Map<String, String> spark) {
        boolean authenticated = on(spark, AUTHENTICATE);
        for (String key : List.of(CRYPTO, SASL)) {
            if (on(spark, key) && !authenticated) {
                throw new TrainingException(
                        Failure.USER,
                        key + " is true, but without " + AUTHENTICATE
                                + " there is no secret to encrypt with; set that to true, or " + key + " to false");
            }
        }
        if (on(spark, CRYPTO) && spark.getOrDefault(CIPHER, "").contains("GCM")) {
            throw new TrainingException(
                    Failure.USER,
                    CIPHER + " is " + spark.get(CIPHER)
                            + ", of which Spark 3.5 decrypts the first message of a connection alone; set it to AES/CTR/NoPadding");
        }
        Encryption sasl = on(spark, SASL) ? Encryption.SASL : Encryption.NONE;
        return new TransportSecurity(authenticated, on(spark, CRYPTO) ? Encryption.AES : sasl);
    }

    /**
     * Refuses plain text where the cluster asks for encryption.
     *
     * @throws TrainingException of kind {@code USER} that names the key to change
     */
    public void requireWhatIsAsked(Map<String, String> spark) {
        for (String key : SSL) {
            if (on(spark, key) && encryption == Encryption.NONE) {
                throw new TrainingException(
                        Failure.USER,
                        key
                                + " is true, but it does not cover what ranks send each other, which would be plain text; set "
                                + CRYPTO + (authenticated ? "" : " and " + AUTHENTICATE) + " to true");
            }
        }
    }

    /** In a phrase: {@code authenticated and encrypted (AES)}, {@code authenticated, not encrypted} or {@code plain}. */
    public String describe() {
        if (!authenticated) {
            return "plain";
        }
        return "authenticated" + (encryption == Encryption.NONE ? ", " : " and ") + encryption.text;
    }

    /** Spark's settings without what lets a peer choose less: both ends of our connections are of one version and know the same. */
    Map<String, String> strict(Map<String, String> spark) {
        Map<String, String> strict = new HashMap<>(spark);
        strict.put(FALLBACK, "false");
        strict.put(ALWAYS_SASL, Boolean.toString(encryption == Encryption.SASL));
        return strict;
    }

    private static boolean on(Map<String, String> spark, String key) {
        return Boolean.parseBoolean(spark.getOrDefault(key, "false").strip());
    }
}
