package io.hashlayers.driver.track;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.ExpertLoads;
import io.hashlayers.worker.train.RoutingMetrics;
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
 *              "gradient_norm" (before clipping), "max_vio" (busiest expert over the mean, minus 1),
 *              "routing": for each sparse layer {"layer", "max_vio", "dropped" (share of choices), "gate_mean",
 *              "balance_loss" (without its weight), "assignment_rounds"}}
 * evaluation  {"step", "split", "perplexity", "changed_share" (tokens that visited another expert than in the evaluation
 *              before; missing in the first),
 *              "loads": for each sparse layer {"layer", "rows" of each expert since the evaluation before}}
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
        ObjectNode line = JSON.createObjectNode()
                .put("step", metrics.step())
                .put("loss", metrics.loss())
                .put("tokens", metrics.tokens())
                .put("tokens_per_second", metrics.tokensPerSecond())
                .put("learning_rate", metrics.learningRate())
                .put("gradient_norm", metrics.gradientNorm())
                .put("max_vio", metrics.maxVio());
        ArrayNode layers = line.putArray("routing");
        for (RoutingMetrics layer : metrics.routing()) {
            layers.addObject()
                    .put("layer", layer.layer())
                    .put("max_vio", layer.maxVio())
                    .put("dropped", layer.dropped())
                    .put("gate_mean", layer.gateMean())
                    .put("balance_loss", layer.balanceLoss())
                    .put("assignment_rounds", layer.assignmentRounds());
        }
        write(line);
    }

    void write(EvaluationMetrics metrics) throws IOException {
        ObjectNode line = JSON.createObjectNode()
                .put("step", metrics.step())
                .put("split", metrics.split())
                .put("perplexity", metrics.perplexity());
        if (Double.isFinite(metrics.changedShare())) {
            line.put("changed_share", metrics.changedShare());
        }
        ArrayNode layers = line.putArray("loads");
        for (ExpertLoads loads : metrics.loads()) {
            ArrayNode rows = layers.addObject().put("layer", loads.layer()).putArray("rows");
            loads.rows().forEach(rows::add);
        }
        write(line);
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
