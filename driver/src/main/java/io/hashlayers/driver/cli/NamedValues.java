package io.hashlayers.driver.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Values of an option that may be named, {@code NAME=VALUE}; a path with a {@code /} before its first {@code =} is not. */
final class NamedValues {
    private static final Pattern NAMED = Pattern.compile("([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)");

    private NamedValues() {}

    /**
     * The values by their names, in order.
     *
     * @param unnamed name of values without one
     */
    static Map<String, List<String>> of(List<String> values, String unnamed) {
        Map<String, List<String>> byName = new LinkedHashMap<>();
        for (String value : values) {
            Matcher named = NAMED.matcher(value);
            boolean hasName = named.matches();
            byName.computeIfAbsent(hasName ? named.group(1) : unnamed, name -> new ArrayList<>())
                    .add(hasName ? named.group(2) : value);
        }
        return byName;
    }
}
