package io.hashlayers.driver.compare;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.Optional;

/**
 * {@code study.json} in the folder of a run: that it is finished, and of what.
 *
 * @param digest of {@link ResolvedRun#digest}
 * @param attempts that it took
 * @param seconds of the last attempt, with planning and evaluations
 * @param parallel most runs at once, this one included, while it was done
 */
public record RunRecord(String digest, int attempts, double seconds, int parallel, RunSummary summary, RunFacts facts) {
    private static final String NAME = "study.json";
    private static final int MAX_BYTES = 16 << 20;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .build();

    /** Writes it, last of all files of a run. */
    void write(Folder run) throws IOException {
        run.write(NAME, JSON.writeValueAsBytes(this));
    }

    /** Reads it; empty if there is none, or one of another version of the program. */
    static Optional<RunRecord> read(Folder run) {
        try {
            return run.exists(NAME)
                    ? Optional.ofNullable(JSON.readValue(run.read(NAME, MAX_BYTES), RunRecord.class))
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
