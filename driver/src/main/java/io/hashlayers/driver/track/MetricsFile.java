package io.hashlayers.driver.track;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.ExpertLoads;
import io.hashlayers.worker.train.RoutingMetrics;
import io.hashlayers.worker.train.StepMetrics;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;

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
 * restart     {"restart" (number), "failure" (kind), "cause"}
 * ranks       {"ranks" (that the run goes on with), "asked" (that were asked for)}
 * skip        {"skipped" (step whose batch is left out), "cause"}; the run goes on behind its newest checkpoint
 * </pre>
 */
final class MetricsFile implements AutoCloseable {
    static final String NAME = "metrics.jsonl";

    private static final String RESTART = "restart";
    private static final String SKIPPED = "skipped";
    private static final String RANKS = "ranks";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final FSDataOutputStream out;

    private MetricsFile(FSDataOutputStream out) {
        this.out = out;
    }

    /** Starts the file anew. */
    static MetricsFile begin(Folder run) throws IOException {
        return new MetricsFile(run.stream(NAME));
    }

    /**
     * Goes on with the file behind a step; lines of later ones are left out.
     *
     * @param curve gets what the lines tell
     */
    static MetricsFile goOn(Folder run, long step, LossCurve curve) throws IOException {
        List<String> kept = List.of();
        if (run.exists(NAME)) {
            run.takeOver(NAME);
            kept = kept(run, step, curve);
        }
        try (PendingFile file = run.create(NAME)) {
            for (String line : kept) {
                file.out().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
            file.commit();
        }
        return new MetricsFile(run.append(NAME));
    }

    private static List<String> kept(Folder run, long step, LossCurve curve) throws IOException {
        List<String> kept = new ArrayList<>();
        try (var lines = new BufferedReader(new InputStreamReader(run.open(NAME), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (keeps(line, step, curve)) {
                    kept.add(line);
                }
            }
        }
        return kept;
    }

    /** Whether a line stays; one that was cut off when the run ended does not. */
    private static boolean keeps(String line, long step, LossCurve curve) {
        try {
            JsonNode fields = JSON.readTree(line);
            if (fields.has(RESTART) || fields.has(SKIPPED) || fields.has(RANKS)) {
                return true;
            }
            long of = fields.path("step").asLong(Long.MAX_VALUE);
            if (of > step) {
                return false;
            }
            if (fields.has("perplexity")) {
                curve.addEvaluation(
                        of,
                        Math.log(fields.path("perplexity").asDouble()),
                        fields.path("split").asText());
            } else if (fields.has("loss")) {
                curve.addStep(of, fields.path("loss").asDouble());
            }
            return true;
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** The same file, of which readers find all lines; on an object store they find none before it is closed. */
    MetricsFile saved(Folder run) throws IOException {
        if (!out.hasCapability(CommonPathCapabilities.ABORTABLE_STREAM)) {
            return this; // it shows what was flushed
        }
        out.close();
        return new MetricsFile(run.append(NAME));
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

    /** Notes that the run failed and was started again, for the so manieth time. */
    void writeRestart(TrainingException cause, int number) throws IOException {
        write(JSON.createObjectNode()
                .put(RESTART, number)
                .put("failure", cause.failure().name().toLowerCase(Locale.ROOT))
                .put("cause", cause.getMessage()));
    }

    /** Notes that the run goes on with another number of ranks. */
    void writeRanks(int ranks, int asked) throws IOException {
        write(JSON.createObjectNode().put(RANKS, ranks).put("asked", asked));
    }

    /** Notes that the run leaves out the batch of a step. */
    void writeSkip(TrainingException cause, long step) throws IOException {
        write(JSON.createObjectNode().put(SKIPPED, step).put("cause", cause.getMessage()));
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
