package io.hashlayers.driver.gang;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.train.EvaluationMetrics;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.SparkSession;

/** Measures a checkpoint on one split, on as many ranks as wanted, whatever number of ranks trained it. */
public final class EvaluationRun {
    private final EvaluationRequest request;
    private final SavedModelStage stage;

    private EvaluationRun(SparkSession spark, EvaluationRequest request, RunReporter reporter) {
        this.request = request;
        this.stage = new SavedModelStage(spark, request, 0, UnaryOperator.identity(), reporter);
    }

    /**
     * Evaluates.
     *
     * @throws TrainingException the first real failure; of kind {@code DATA} if the dataset was made with another tokenizer
     *     than the model
     */
    public static EvaluationSummary run(SparkSession spark, EvaluationRequest request, RunReporter reporter) {
        try {
            return new EvaluationRun(spark, request, reporter).run();
        } catch (TrainingException e) {
            reporter.failed(e);
            throw e;
        }
    }

    private EvaluationSummary run() {
        long step = stage.checkpoint().step();
        return summary(stage.run(
                (config, routing) -> new EvaluationProgram(config, routing, step, request.split()),
                EvaluationProgram.Result.class));
    }

    private EvaluationSummary summary(EvaluationProgram.Result result) {
        EvaluationMetrics metrics = result.metrics();
        double bytesPerToken = stage.dataset().split(request.split()).bytesPerToken();
        return new EvaluationSummary(
                metrics.step(),
                metrics.split(),
                metrics.perplexity(),
                metrics.nats() / metrics.tokens() / Math.log(2) / bytesPerToken,
                unigramPerplexity(stage.frequencies()),
                metrics.tokens(),
                metrics.tokens() / result.seconds(),
                stage.worldSize());
    }

    private OptionalDouble unigramPerplexity(Frequencies frequencies) {
        long[] train = frequencies.train();
        return Arrays.stream(train).allMatch(count -> count == 0)
                ? OptionalDouble.empty()
                : OptionalDouble.of(new UnigramModel(train).perplexity(counts(frequencies)));
    }

    private long[] counts(Frequencies frequencies) {
        return switch (request.split()) {
            case DatasetFiles.TRAIN -> frequencies.train();
            case DatasetFiles.VALID -> frequencies.valid();
            default -> frequencies.test();
        };
    }
}
