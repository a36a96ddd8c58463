package io.hashlayers.driver.gang;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.Optional;

/**
 * {@code summary.json}: what came of a run, the fields of {@link RunSummary} in snake_case ({@code valid_perplexity}, ...). It
 * is written when the run has reached its last step, so a run with this file is finished.
 */
public final class SummaryFile {
    static final String NAME = "summary.json";

    private static final int MAX_BYTES = 1 << 20;
    private static final ObjectMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private SummaryFile() {}

    public static void write(Folder run, RunSummary summary) throws IOException {
        run.write(NAME, JSON.writeValueAsBytes(summary));
    }

    /**
     * Reads the summary of a finished run; empty if the run is not finished, or there is none.
     *
     * @throws TrainingException of kind {@code DATA} if there is a file that is no summary
     */
    public static Optional<RunSummary> read(Folder run) {
        try {
            return run.exists(NAME) ? Optional.of(parse(run)) : Optional.empty();
        } catch (JsonProcessingException e) {
            throw unusable(run, e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw unusable(run, String.valueOf(e.getMessage()), e);
        }
    }

    private static RunSummary parse(Folder run) throws IOException {
        RunSummary summary = JSON.readValue(run.read(NAME, MAX_BYTES), RunSummary.class);
        if (summary == null) {
            throw new IOException("it is null");
        }
        return summary;
    }

    private static TrainingException unusable(Folder run, String why, IOException e) {
        return new TrainingException(
                Failure.DATA,
                run.path(NAME) + " is not a usable summary: " + why
                        + "; delete it, and the run goes on from its last checkpoint",
                e);
    }
}
