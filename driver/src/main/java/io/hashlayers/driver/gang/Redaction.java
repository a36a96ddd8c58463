package io.hashlayers.driver.gang;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Takes secrets out of a text: the values of settings whose names say so, whatever else follows such a name, and passwords in
 * URLs.
 */
public final class Redaction {
    private static final String STARS = "*********(redacted)";

    /** Spark's own default of {@code spark.redaction.regex}, keys of Hadoop's stores, and names of credentials in headers. */
    private static final String NAMES =
            "secret|password|passwd|token(?!s|iz)|credential|(?:access|account|encryption|private|api)[._-]?key|[._-]sas[._-]|authorization";

    private static final Pattern NAME = Pattern.compile("(?i)" + NAMES);

    private static final Pattern ASSIGNED = Pattern.compile(
            "(?i)([\\w.-]*(?:" + NAMES + ")[\\w.-]*[\"']?\\s*[=:]\\s*)((?:(?:bearer|basic)\\s+)?[^\\s,;&]+)");

    /** {@code ://user:password@host}. */
    private static final Pattern IN_URL = Pattern.compile("(://[^/\\s:@]*:)[^\\s@]+(?=@)");

    /** With which the administrator says what else is secret. */
    private static final String MORE_NAMES = "spark.redaction.regex";

    /** Shorter ones would take common words out. */
    private static final int SHORTEST = 6;

    private final List<String> secrets;

    /**
     * @param settings of this process, with the names under which they are set
     */
    Redaction(Map<String, String> settings) {
        Predicate<String> named = NAME.asPredicate().or(more(settings.getOrDefault(MORE_NAMES, "")));
        this.secrets = settings.entrySet().stream()
                .filter(setting -> named.test(setting.getKey()))
                .map(Map.Entry::getValue)
                .filter(value -> value.length() >= SHORTEST)
                .toList();
    }

    private static Predicate<String> more(String regex) {
        try {
            return regex.isEmpty() ? name -> false : Pattern.compile(regex).asPredicate();
        } catch (PatternSyntaxException e) { // Spark refuses it where it matters
            return name -> false;
        }
    }

    /** By the {@code spark.*} properties of this process, under which {@code spark-submit} hands on all that is set. */
    public static Redaction ofThisProcess() {
        Map<String, String> settings = new TreeMap<>();
        Properties all = System.getProperties();
        for (String name : all.stringPropertyNames()) {
            if (name.startsWith("spark.")) {
                settings.put(name, all.getProperty(name, ""));
            }
        }
        return new Redaction(settings);
    }

    /** The text without secrets. */
    public String of(String text) {
        String clean = text;
        for (String secret : secrets) {
            clean = clean.replace(secret, STARS);
        }
        clean = IN_URL.matcher(clean).replaceAll("$1" + Matcher.quoteReplacement(STARS));
        return ASSIGNED.matcher(clean).replaceAll("$1" + Matcher.quoteReplacement(STARS));
    }
}
