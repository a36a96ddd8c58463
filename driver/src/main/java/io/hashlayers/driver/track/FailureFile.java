package io.hashlayers.driver.track;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.driver.gang.GangFailure;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.Locale;

/**
 * {@code failure.json}: why the ranks of a run broke off last, whole. It stays when the run is started again, until it breaks off
 * again or is replaced.
 *
 * <pre>
 * {"failure" (kind), "cause", "step", "ranks", "host", "executor", "log": last lines of that executor, without secrets}
 * </pre>
 */
final class FailureFile {
    private static final String NAME = "failure.json";
    private static final ObjectMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private FailureFile() {}

    static void write(Folder run, GangFailure failure) throws IOException {
        ObjectNode fields = JSON.createObjectNode()
                .put("failure", failure.kind().name().toLowerCase(Locale.ROOT))
                .put("cause", failure.cause())
                .put("step", failure.step());
        failure.ranks().forEach(fields.putArray("ranks")::add);
        fields.put("host", failure.host()).put("executor", failure.executor());
        failure.log().forEach(fields.putArray("log")::add);
        run.write(NAME, JSON.writeValueAsBytes(fields));
    }
}
