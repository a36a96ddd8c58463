package io.hashlayers.driver.gang;

import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.apache.spark.sql.SparkSession;

/** Runs of tiny models on a dataset of skewed random tokens, in one folder. */
final class TinyRuns {
    static final int SEQUENCE = 8;
    static final int BATCH = 12;
    static final int STEPS = 8;

    private final SparkSession spark;
    private final Path dir;

    private TinyRuns(SparkSession spark, Path dir) {
        this.spark = spark;
        this.dir = dir;
    }

    /** Writes the dataset. */
    static TinyRuns in(Path dir, SparkSession spark) throws IOException {
        TinyRuns runs = new TinyRuns(spark, dir);
        TinyDataset.write(runs.dataset(), 3000, 300, 1);
        TinyDataset.writeFrequencies(spark, runs.dataset());
        return runs;
    }

    Path dataset() {
        return dir.resolve("dataset");
    }

    /** The folder of a run. */
    String folder(String run) {
        return dir.resolve(run).toString();
    }

    RunConfig config(String run, MixtureConfig mixture, TableConfig table) {
        return config(run, mixture, table, STEPS, 1e-3);
    }

    RunConfig config(String run, MixtureConfig mixture, TableConfig table, int steps, double learningRate) {
        ModelConfig model = new ModelConfig(TinyDataset.VOCABULARY, SEQUENCE, 3, 8, 16, 2, Activation.GELU, 0, mixture);
        return new RunConfig(
                folder(run),
                dataset().toString(),
                model,
                table,
                new OptimizerConfig(learningRate, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0.9, 0.99, 1e-8, 0, 1),
                new TrainConfig(steps, BATCH, 1, false, 3, 0, 0, 0, 30),
                "nd4j");
    }

    Recorder train(RunConfig config, int ranks) {
        Recorder recorder = new Recorder();
        TrainingRun.run(spark, new TrainingRequest(config, ranks, "a = b\n", Existing.GO_ON), recorder);
        return recorder;
    }

    EvaluationSummary evaluate(String run, int ranks) {
        EvaluationRequest request = new EvaluationRequest(
                folder(run), OptionalLong.empty(), dataset().toString(), "valid", BATCH, 1, ranks, "nd4j", 30);
        return EvaluationRun.run(spark, request, new Recorder());
    }
}
