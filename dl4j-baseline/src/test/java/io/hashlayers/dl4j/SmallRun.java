package io.hashlayers.dl4j;

import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.optimizer.OptimizerConfig.Schedule;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;

/** Runs of a model small enough for tests, with every part of the optimizer at work. */
final class SmallRun {
    static final long SEED = 5;
    static final int BATCH = 4;
    static final int CONTEXT = 8;
    static final double CLIP_NORM = 1;
    static final int EVALUATED = 7; // sequences, so that the last batch of two workers is smaller

    private SmallRun() {}

    static ModelConfig model(int vocabularySize, Activation activation) {
        return new ModelConfig(
                vocabularySize, CONTEXT, 2, 12, 20, 3, activation, 0, MixtureConfig.hash(List.of(), 1, 1));
    }

    /** Warm-up, cosine, decay and clipping of some steps: the norm of the first gradients is above this limit. */
    static OptimizerConfig optimizer(double weightDecay) {
        return new OptimizerConfig(1e-2, 3, Schedule.COSINE, 0.1, 0.9, 0.95, 1e-8, weightDecay, CLIP_NORM);
    }

    static RunConfig run(String runDir, String datasetDir, ModelConfig model, long steps, long evaluateEvery) {
        return new RunConfig(
                runDir,
                datasetDir,
                model,
                TableConfig.of(TableConfig.Kind.BALANCED, 1),
                optimizer(0.1),
                new TrainConfig(steps, BATCH, 1, false, SEED, evaluateEvery, EVALUATED, 0, 30),
                "nd4j");
    }
}
