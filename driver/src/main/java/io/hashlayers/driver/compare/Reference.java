package io.hashlayers.driver.compare;

import java.util.Optional;

/**
 * A value in a study that stands for what another run of the same seed made: {@code run:VARIANT} is the folder of its run,
 * {@code distilled:VARIANT} a table file made of its learned router.
 *
 * @param key the setting with this value
 * @param kind what it stands for
 * @param variant whose run makes it
 */
record Reference(String key, Kind kind, String variant) {
    enum Kind {
        RUN("run:"),
        DISTILLED("distilled:");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }
    }

    /** Reads the value of a setting; empty if it is an ordinary one. */
    static Optional<Reference> parse(String key, String value) {
        for (Kind kind : Kind.values()) {
            if (value.startsWith(kind.prefix)) {
                return Optional.of(new Reference(key, kind, value.substring(kind.prefix.length())));
            }
        }
        return Optional.empty();
    }
}
