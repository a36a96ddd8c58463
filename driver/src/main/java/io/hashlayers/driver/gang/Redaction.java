package io.hashlayers.driver.gang;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes secrets out of a line of text: the values of settings whose names say so, and whatever else follows such a name. */
final class Redaction {
    private static final String STARS = "*********(redacted)";

    /** Spark's own default of {@code spark.redaction.regex}, and names of credentials in URLs and headers. */
    private static final Pattern NAME =
            Pattern.compile("(?i)secret|password|passwd|token(?!s|iz)|credential|access[._-]?key|authorization");

    private static final Pattern ASSIGNED = Pattern.compile(
            "(?i)([\\w.-]*(?:secret|password|passwd|token(?!s|iz)|credential|access[._-]?key|authorization)[\\w.-]*[\"']?\\s*[=:]\\s*)((?:(?:bearer|basic)\\s+)?[^\\s,;&]+)");

    /** Shorter ones would take common words out. */
    private static final int SHORTEST = 6;

    private final List<String> secrets;

    /**
     * @param settings of this process, with the names under which they are set
     */
    Redaction(Map<String, String> settings) {
        this.secrets = settings.entrySet().stream()
                .filter(setting -> NAME.matcher(setting.getKey()).find())
                .map(Map.Entry::getValue)
                .filter(value -> value.length() >= SHORTEST)
                .toList();
    }

    /** The line without secrets. */
    String of(String line) {
        String clean = line;
        for (String secret : secrets) {
            clean = clean.replace(secret, STARS);
        }
        return ASSIGNED.matcher(clean).replaceAll("$1" + Matcher.quoteReplacement(STARS));
    }
}
