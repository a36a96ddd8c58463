package io.hashlayers.worker.train;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.PredictionManifest;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenShardWriter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * Writes the token that a saved model finds most probable after each position of a split; the same program on every rank. The
 * rows are those that an evaluation reads.
 */
public final class RankPrediction {
    private static final JsonMapper JSON = new JsonMapper();

    private final RankContext context;
    private final RankModel model;
    private final String split;
    private final int sequenceLength;

    private RankPrediction(RankContext context, String split) {
        this.context = context;
        this.model = RankModel.forEvaluation(context, split);
        this.split = split;
        this.sequenceLength = context.config().model().contextLength();
    }

    /**
     * Loads this rank's part of a checkpoint, reads the split once together with all other ranks, and writes this rank's file.
     *
     * @param context whose configuration is that of the checkpoint, and whose plan has this split
     * @param predictionsDir where the files go, any Hadoop path; see {@link PredictionManifest}
     * @return the files of all ranks in rank order, the same on every rank
     * @throws TrainingException of kind {@code RESOURCES} if the storage refuses
     */
    public static List<SplitInfo.Shard> run(
            RankContext context, String split, CheckpointReader checkpoint, String predictionsDir) {
        RankPrediction prediction = new RankPrediction(context, split);
        CheckpointTensors.of(prediction.model.parameters()).readFrom(checkpoint);
        try {
            return prediction.gather(prediction.write(predictionsDir));
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the predictions %s cannot be written: %s; make room or check the rights of the run's folder"
                            .formatted(predictionsDir, e.getMessage()),
                    e);
        }
    }

    private SplitInfo.Shard write(String predictionsDir) throws IOException {
        Duration timeout = Duration.ofSeconds(context.config().train().timeoutSeconds());
        String file = DatasetFiles.shard(split, context.collective().rank());
        int vocabularySize = context.config().model().vocabularySize();
        int[] predicted =
                new int[context.config().sequencesPerRank(context.collective().worldSize()) * sequenceLength];
        try (StepReader reader = StepReader.evaluation(context, split);
                BatchPrefetcher batches = new BatchPrefetcher(
                        reader, 0, reader.steps(), timeout, context.collective().activity());
                TokenShardWriter writer =
                        new TokenShardWriter(context.hadoop(), new Path(predictionsDir), file, vocabularySize)) {
            for (long batch = 0; batch < reader.steps(); batch++) {
                StepInput input = batches.next();
                model.predict(input, predicted);
                write(input, predicted, writer);
            }
            return writer.finish();
        }
    }

    /** Writes what was predicted for real rows; those that fill the last batch up have no targets. */
    private void write(StepInput input, int[] predicted, TokenShardWriter writer) throws IOException {
        for (int row = 0; row < predicted.length; row++) {
            if (input.targets()[row - row % sequenceLength] >= 0) {
                writer.write(predicted[row]);
            }
        }
    }

    private List<SplitInfo.Shard> gather(SplitInfo.Shard mine) throws IOException {
        Collective collective = context.collective();
        List<SplitInfo.Shard> shards = new ArrayList<>();
        for (byte[] ofRank : collective.allGather(JSON.writeValueAsBytes(mine))) {
            shards.add(JSON.readValue(ofRank, SplitInfo.Shard.class));
        }
        return shards;
    }
}
