package io.hashlayers.driver.track;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;

/**
 * {@code metrics.jsonl}: a JSON object a line, on its way to storage as soon as it is known.
 *
 * <pre>
 * step        {"step", "loss" (nats per token), "tokens" (since step 1), "tokens_per_second", "learning_rate",
 *              "gradient_norm" (before clipping), "max_vio" (busiest expert over the mean, minus 1)}
 * evaluation  {"step", "split", "perplexity"}
 * </pre>
 */
final class MetricsFile implements AutoCloseable {
    static final String NAME = "metrics.jsonl";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FSDataOutputStream out;

    /** Starts the file anew. */
    MetricsFile(Configuration hadoop, String runDir) throws IOException {
        Path path = new Path(runDir, NAME);
        this.out = DatasetFiles.fileSystem(hadoop, path).create(path, true);
    }

    void write(StepMetrics metrics) throws IOException {
        write(JSON.createObjectNode()
                .put("step", metrics.step())
                .put("loss", metrics.loss())
                .put("tokens", metrics.tokens())
                .put("tokens_per_second", metrics.tokensPerSecond())
                .put("learning_rate", metrics.learningRate())
                .put("gradient_norm", metrics.gradientNorm())
                .put("max_vio", metrics.maxVio()));
    }

    void write(EvaluationMetrics metrics) throws IOException {
        write(JSON.createObjectNode()
                .put("step", metrics.step())
                .put("split", metrics.split())
                .put("perplexity", metrics.perplexity()));
    }

    private void write(ObjectNode line) throws IOException {
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        out.hflush();
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
