package io.hashlayers.driver.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Typed values of a resolved configuration. A value of another type is refused with its key, its place, what was found and
 * what is expected; texts that hold a number count as that number, since environment variables are always texts.
 */
final class CheckedConfig {
    private static final String INTEGER = "a whole number below 2^31";
    private static final String WHOLE = "a whole number below 2^63";

    private final Config config;

    CheckedConfig(Config config) {
        this.config = config;
    }

    int integer(String key) {
        ConfigValue value = value(key);
        return integer(key, value, value, INTEGER);
    }

    long whole(String key) {
        ConfigValue value = value(key);
        try {
            return exact(value).longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong(key, value, WHOLE);
        }
    }

    double number(String key) {
        ConfigValue value = value(key);
        try {
            double number = exact(value).doubleValue();
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // told below, as a number beyond all doubles is
        }
        throw wrong(key, value, "a number");
    }

    boolean flag(String key) {
        ConfigValue value = value(key);
        return switch (String.valueOf(value.unwrapped())) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, value, "true or false");
        };
    }

    String text(String key) {
        ConfigValue value = value(key);
        if (value.valueType() == ConfigValueType.OBJECT || value.valueType() == ConfigValueType.LIST) {
            throw wrong(key, value, "a text");
        }
        return String.valueOf(value.unwrapped());
    }

    List<Integer> integers(String key) {
        String expected = "a list of whole numbers, such as [1, 3]";
        ConfigValue value = value(key);
        if (!(value instanceof ConfigList list)) {
            throw wrong(key, value, expected);
        }
        return list.stream()
                .map(element -> integer(key, element, value, expected))
                .toList();
    }

    /** The number N of a text {@code word-N}; empty for any other value. */
    OptionalInt numbered(String key, String word) {
        Matcher matcher = Pattern.compile(word + "-(\\d{1,9})")
                .matcher(String.valueOf(value(key).unwrapped()));
        return matcher.matches() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }

    /** A text, or a list of them. */
    List<String> texts(String key) {
        ConfigValue value = value(key);
        if (!(value instanceof ConfigList list)) {
            return List.of(text(key));
        }
        for (ConfigValue element : list) {
            if (element.valueType() == ConfigValueType.OBJECT || element.valueType() == ConfigValueType.LIST) {
                throw wrong(key, value, "a text or a list of texts");
            }
        }
        return list.stream().map(element -> String.valueOf(element.unwrapped())).toList();
    }

    /** A constant of an enum, by its name in lower case with hyphens. */
    <E extends Enum<E>> E choice(String key, Class<E> type) {
        String name = text(key);
        List<E> constants = Arrays.asList(type.getEnumConstants());
        return constants.stream()
                .filter(constant -> nameOf(constant).equals(name))
                .findFirst()
                .orElseThrow(() -> wrong(
                        key,
                        value(key),
                        constants.stream()
                                .map(CheckedConfig::nameOf)
                                .collect(Collectors.joining(", ", "one of ", ""))));
    }

    private static String nameOf(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static int integer(String key, ConfigValue number, ConfigValue whole, String expected) {
        try {
            return exact(number).intValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw wrong(key, whole, expected);
        }
    }

    /** The number as it is written; the library's own getters cut 1.5 to 1. */
    private static BigDecimal exact(ConfigValue value) {
        return new BigDecimal(String.valueOf(value.unwrapped()).strip());
    }

    private ConfigValue value(String key) {
        if (config.getIsNull(key)) {
            throw new TrainingException(
                    Failure.USER, key + " is null; give it a value or leave it out, and the default holds");
        }
        return config.getValue(key);
    }

    private static TrainingException wrong(String key, ConfigValue value, String expected) {
        String found = value.render(ConfigRenderOptions.concise());
        return new TrainingException(
                Failure.USER, "%s: %s is %s; it must be %s".formatted(place(value.origin()), key, found, expected));
    }

    /** File and line of a value, or the option that gave it. */
    static String place(ConfigOrigin origin) {
        @Nullable String file = origin.filename() == null ? origin.resource() : origin.filename();
        if (file == null) {
            return origin.description().replaceFirst(": \\d+$", "");
        }
        return origin.lineNumber() < 1 ? file : file + ":" + origin.lineNumber();
    }
}
