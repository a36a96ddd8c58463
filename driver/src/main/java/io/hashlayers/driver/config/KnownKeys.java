package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The keys that there are; any other is a slip, and most likely the nearest of these was meant. */
final class KnownKeys {
    /** More than a slip of the finger, so that it does not lead into another section. */
    private static final int WRONG_SECTION = 3;

    private final Set<String> keys = new TreeSet<>();

    KnownKeys(Config reference) {
        reference.entrySet().forEach(entry -> keys.add(entry.getKey()));
    }

    /** Of a section whose keys are these; what is below them is not checked. */
    KnownKeys(Collection<String> keys) {
        this.keys.addAll(keys);
    }

    boolean contains(String key) {
        return keys.contains(key);
    }

    /**
     * Checks every key below the root.
     *
     * @throws TrainingException of kind {@code USER} that names the first unknown key, its place and the nearest known one
     */
    void requireKnown(Config config) {
        requireKnown("", config.root());
    }

    private void requireKnown(String prefix, ConfigObject object) {
        for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(object).entrySet()) {
            String key = prefix + ConfigUtil.joinPath(entry.getKey());
            ConfigValue value = entry.getValue();
            if (keys.contains(key)) {
                continue; // its type is checked where it is read
            }
            List<String> inside =
                    keys.stream().filter(known -> known.startsWith(key + ".")).toList();
            if (inside.isEmpty()) {
                throw slip(value, "there is no setting " + key + "; did you mean " + nearest(key) + "?");
            }
            if (!(value instanceof ConfigObject section)) {
                throw slip(
                        value,
                        key + " is a section and takes no value; its settings are "
                                + inside.stream().collect(Collectors.joining(", ")));
            }
            requireKnown(key + ".", section);
        }
    }

    private static TrainingException slip(ConfigValue value, String what) {
        return new TrainingException(Failure.USER, CheckedConfig.place(value.origin()) + ": " + what);
    }

    /** The known key that takes the fewest edits; another section counts as three at most. */
    String nearest(String key) {
        return keys.stream()
                .min(Comparator.comparingInt(known ->
                        Math.min(distance(key, known), WRONG_SECTION + distance(lastName(key), lastName(known)))))
                .orElseThrow();
    }

    private static String lastName(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** Levenshtein's distance, one row of its table at a time. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
