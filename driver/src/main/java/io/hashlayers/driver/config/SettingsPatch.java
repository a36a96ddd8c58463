package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValueFactory;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Some settings that go over others, as a file says them. They are checked when they are loaded. Immutable. */
public final class SettingsPatch {
    private final Config config;

    SettingsPatch(Config config) {
        this.config = config;
    }

    public static SettingsPatch none() {
        return new SettingsPatch(ConfigFactory.empty());
    }

    /**
     * One whole number.
     *
     * @param origin where it comes from, for messages
     */
    public static SettingsPatch of(String key, long value, String origin) {
        return new SettingsPatch(ConfigValueFactory.fromAnyRef(value, origin).atPath(key));
    }

    /**
     * Settings as they are given on a command line.
     *
     * @param overrides {@code key=value} each, a later one over an earlier one
     */
    public static SettingsPatch ofOverrides(List<String> overrides) {
        Config reference = ConfigSources.packed("reference.conf");
        Config config = ConfigFactory.empty();
        for (String override : overrides) {
            config = ConfigSources.override(override, reference).withFallback(config);
        }
        return new SettingsPatch(config);
    }

    /** The same without those of a section. */
    public SettingsPatch without(String section) {
        return new SettingsPatch(config.withoutPath(section));
    }

    /** These settings and, where they say nothing, those of {@code lower}. */
    public SettingsPatch over(SettingsPatch lower) {
        return new SettingsPatch(config.withFallback(lower.config));
    }

    /** For people, on one line, sorted: {@code moe.num-experts=16 moe.table="random"}. */
    public String text() {
        var values = new TreeMap<String, String>();
        config.entrySet()
                .forEach(entry -> values.put(entry.getKey(), entry.getValue().render(ConfigRenderOptions.concise())));
        return values.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
    }

    Config config() {
        return config;
    }
}
