package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where settings come from: files, what is packed into our jar, texts and the command line. */
final class ConfigSources {
    private static final String PACKED = "io/hashlayers/driver/config/";

    private ConfigSources() {}

    /** A file of {@code conf/} as it was packed into the jar. */
    static Config packed(String name) {
        return ConfigFactory.parseResources(
                ConfigSources.class.getClassLoader(),
                PACKED + name,
                ConfigParseOptions.defaults().setAllowMissing(false));
    }

    static Config file(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new TrainingException(Failure.USER, "there is no configuration file " + file + "; check its path");
        }
        try {
            // The library finds what a file includes beside it only if its path names a folder.
            Path inFolder = file.getParent() == null ? Path.of(".").resolve(file) : file;
            return ConfigFactory.parseFile(
                    inFolder.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
        } catch (ConfigException e) {
            throw notHocon(file.toString(), e);
        }
    }

    /**
     * Settings that a run or a checkpoint holds, which may be foreign: other than those of a file that somebody names, they
     * reach for nothing outside of themselves, no file, no address and no variable of the environment.
     *
     * @param name for messages
     * @throws TrainingException of kind {@code USER} if they are not whole
     */
    static Config saved(String text, String name) {
        try {
            Config config = ConfigFactory.parseString(
                    text,
                    ConfigParseOptions.defaults().setOriginDescription(name).setIncluder(new NoIncludes()));
            if (!config.isResolved()) {
                throw new ConfigException.Generic("it refers to something by ${...}, which saved settings never do");
            }
            return config;
        } catch (ConfigException e) {
            throw notHocon(name, e);
        } catch (StackOverflowError e) { // the library descends by recursion
            throw notHocon(name, new ConfigException.Generic("it is nested too deep", e));
        }
    }

    private static Config text(String text, String name) {
        try {
            return ConfigFactory.parseString(text, ConfigParseOptions.defaults().setOriginDescription(name));
        } catch (ConfigException e) {
            throw notHocon(name, e);
        }
    }

    /**
     * A {@code key=value} of the command line. The value of a key that is a text in {@code reference} is taken as it is, so that
     * paths need no quotes, unless it is in brackets and so a list; others are HOCON.
     */
    static Config override(String override, Config reference) {
        String name = "-D " + override;
        int equals = override.indexOf('=');
        if (equals < 1) {
            throw new TrainingException(Failure.USER, name + " is not key=value, such as -D train.steps=100");
        }
        String key = override.substring(0, equals).strip();
        String value = override.substring(equals + 1);
        boolean list = value.startsWith("[") && value.endsWith("]");
        try {
            if (!list && reference.hasPath(key) && reference.getValue(key).valueType() == ConfigValueType.STRING) {
                return ConfigValueFactory.fromAnyRef(value, name).atPath(key);
            }
        } catch (ConfigException e) {
            throw notHocon(name, e);
        }
        return text(override, name);
    }

    private static TrainingException notHocon(String name, ConfigException e) {
        return new TrainingException(
                Failure.USER, name + " cannot be read as HOCON: " + e.getMessage() + "; correct it", e);
    }
}
