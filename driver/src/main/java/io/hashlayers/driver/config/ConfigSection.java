package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A section of a HOCON file that is no file of settings, such as a study: typed values by key. Every error is a
 * {@link TrainingException} of kind {@code USER} that names file, line and key. Immutable.
 */
public final class ConfigSection {
    private final Config config;
    private final CheckedConfig values;
    private final String place;

    private ConfigSection(Config config, String place) {
        this.config = config;
        this.values = new CheckedConfig(config);
        this.place = place;
    }

    /** Reads a whole file, with what it includes. */
    public static ConfigSection file(Path file) {
        try {
            return new ConfigSection(ConfigSources.file(file).resolve(), file.toString());
        } catch (ConfigException e) {
            throw new TrainingException(
                    Failure.USER, file + " cannot be resolved: " + e.getMessage() + "; correct it", e);
        }
    }

    /** This section and, where it says nothing, {@code lower}; the keys {@code without} of that are left out. */
    public ConfigSection over(ConfigSection lower, String without) {
        return new ConfigSection(config.withFallback(lower.config.withoutPath(without)), lower.place);
    }

    /** Refuses every key but these, telling what was probably meant. */
    public void requireOnly(Collection<String> keys) {
        new KnownKeys(keys).requireKnown(config);
    }

    public boolean has(String key) {
        return config.hasPath(key);
    }

    /** A text that must be there. */
    public String text(String key) {
        requirePresent(key);
        return values.text(key);
    }

    public String text(String key, String otherwise) {
        return has(key) ? values.text(key) : otherwise;
    }

    public double number(String key, double otherwise) {
        return has(key) ? values.number(key) : otherwise;
    }

    /** A constant of an enum, by its name in lower case with hyphens. */
    public <E extends Enum<E>> E choice(String key, Class<E> type) {
        requirePresent(key);
        return values.choice(key, type);
    }

    public <E extends Enum<E>> E choice(String key, E otherwise) {
        return has(key) ? values.choice(key, otherwise.getDeclaringClass()) : otherwise;
    }

    /** A list of whole numbers that must be there. */
    public List<Integer> integers(String key) {
        requirePresent(key);
        return values.integers(key);
    }

    /** Names in this section, in the order of the file. */
    public List<String> names() {
        List<Map.Entry<String, ConfigValue>> entries =
                new ArrayList<>(config.root().entrySet());
        entries.sort(Comparator.comparingInt((Map.Entry<String, ConfigValue> entry) ->
                        entry.getValue().origin().lineNumber())
                .thenComparingInt(entry -> entry.getKey().length()) // 4, 16, 128 on one line
                .thenComparing(Map.Entry::getKey));
        return entries.stream().map(Map.Entry::getKey).toList();
    }

    /** The section with this name in this one; an empty one if it is not there. */
    public ConfigSection section(String name) {
        String path = ConfigUtil.joinPath(name);
        return has(path) ? section(name, config.getValue(path)) : new ConfigSection(ConfigFactory.empty(), place);
    }

    /** The sections in the list {@code key}; none if it is not there. */
    public List<ConfigSection> sections(String key) {
        if (!has(key)) {
            return List.of();
        }
        if (!(config.getValue(key) instanceof ConfigList list)) {
            throw wrong(key, "a list of sections: [{ ... }, { ... }]");
        }
        return list.stream().map(element -> section(key, element)).toList();
    }

    /** This whole section as settings. */
    public SettingsPatch settings() {
        return new SettingsPatch(config);
    }

    /** What stands under {@code key}, as settings under the same key; none if it is not there. */
    public SettingsPatch settingsAt(String key) {
        return has(key) ? new SettingsPatch(config.getValue(key).atPath(key)) : SettingsPatch.none();
    }

    /** What is wrong with the value of a key, for a check that only the reader of the section can do. */
    public TrainingException wrong(String key, String expected) {
        ConfigValue value = config.getValue(key);
        return new TrainingException(
                Failure.USER,
                "%s: %s is %s; it must be %s"
                        .formatted(
                                CheckedConfig.place(value.origin()),
                                key,
                                value.render(ConfigRenderOptions.concise()),
                                expected));
    }

    private void requirePresent(String key) {
        if (!has(key)) {
            throw new TrainingException(Failure.USER, place + ": there is no " + key + " here, and it must be given");
        }
    }

    private ConfigSection section(String key, ConfigValue value) {
        return new ConfigSection(object(key, value).toConfig(), CheckedConfig.place(value.origin()));
    }

    private static ConfigObject object(String key, ConfigValue value) {
        if (value instanceof ConfigObject object) {
            return object;
        }
        throw new TrainingException(
                Failure.USER,
                CheckedConfig.place(value.origin()) + ": " + key + " must be a section in braces: " + key + " { ... }");
    }
}
