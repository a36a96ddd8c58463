package io.hashlayers.driver.report;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/**
 * A number that somebody published; {@code published.json} holds them all.
 *
 * @param study beside whose numbers it is shown
 * @param variant of the study that is most alike; empty if none is
 * @param model what was measured
 * @param measure which quantity, with the data
 * @param value as it was published
 * @param source paper, table or figure
 * @param provenance how we know it
 */
record PublishedNumber(
        String study,
        String variant,
        String model,
        String measure,
        String value,
        String source,
        Provenance provenance) {
    private static final String FILE = "published.json";

    /** How far a number can be trusted. */
    enum Provenance {
        PAPER("read in the paper"),
        AUTHORS("from the authors' own figure or notes"),
        PIXELS("measured in the authors' figure"),
        THIRD_PARTY("third party's notes of the paper");

        private final String words;

        Provenance(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    /** Those that belong to a study, in the order of the file. */
    static List<PublishedNumber> of(String study) {
        return all().stream().filter(number -> number.study.equals(study)).toList();
    }

    static List<PublishedNumber> all() {
        try (InputStream in = Objects.requireNonNull(PublishedNumber.class.getResourceAsStream(FILE), FILE)) {
            return new ObjectMapper().readValue(in, new TypeReference<List<PublishedNumber>>() {});
        } catch (IOException e) {
            throw new UncheckedIOException(FILE, e); // a fault of ours: it is packed into the program
        }
    }
}
