package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.gang.TrainingRequest;
import io.hashlayers.driver.gang.TrainingRun;
import io.hashlayers.driver.track.RunTracker;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.WarmUp;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "train",
        description = "Trains a model on a prepared dataset: one barrier stage, one task = one rank.",
        footer = {
            "",
            "The run's folder gets run.conf, table/, plan/, metrics.jsonl, loss.svg, checkpoints/ and, at the end,",
            "summary.json.",
            "",
            "The same command again goes on behind the newest whole checkpoint, on any number of ranks, or says that the run",
            "is finished. train.ranks, train.checkpoint-every, train.evaluate-every and the like may be others then, with",
            "--reschedule also train.steps and the learning rate; any other change is refused.",
            "",
            "With --from the values begin as those of a saved model: the same model on other text, or one with a layer of",
            "experts where that has a dense network, or with another router. Model and routing are those of the checkpoint",
            "unless they are set. train.freeze keeps parts of it as they are. See docs/fine-tuning.md.",
            "",
            "Examples:",
            "  hashlayers --master local[2] train --conf conf/quickstart.conf --data work/data --run work/run",
            "  hashlayers --master spark://host:7077 train --conf conf/models/hash-1x64.conf \\",
            "      --data hdfs:///data --run hdfs:///runs/1 -D train.ranks=16",
            "  hashlayers train --from work/run --data work/other --run work/tuned -D train.freeze=[experts]",
            "  hashlayers train --from work/dense --data work/data --run work/sparse -D moe.layers=[-1]"
        })
final class TrainCommand implements Callable<Integer> {
    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Mixin
    private DataOption data = new DataOption();

    @Mixin
    private StartOptions start = new StartOptions();

    @Option(names = "--run", required = true, paramLabel = "DIR", description = "Folder of this run, to be made.")
    private String run = "";

    @ArgGroup
    private Existing existing = new Existing();

    /** What becomes of a run that lies in the folder already. */
    static final class Existing {
        @Option(names = "--overwrite", description = "Delete the run that lies in that folder already.")
        private boolean overwrite;

        @Option(
                names = "--reschedule",
                description =
                        "Go on with the run that lies in that folder even if the learning rate of its steps has changed.")
        private boolean reschedule;

        TrainingRequest.Existing choice() {
            if (overwrite) {
                return TrainingRequest.Existing.REPLACE;
            }
            return reschedule ? TrainingRequest.Existing.GO_ON_RESCHEDULED : TrainingRequest.Existing.GO_ON;
        }
    }

    @Override
    public Integer call() {
        Settings chosen = data.over(options.load());
        chosen.data(); // named, before Spark starts
        Settings settings = start.over(chosen, HadoopSettings.load());
        if (SparkSessions.ranksInThisJvm()) {
            ModelConfig model = settings.model(1);
            WarmUp.start(settings.kernels(), model.activation(), model.dropout());
        }
        try (SparkSession spark = SparkSessions.create("hashlayers train")) {
            train(spark, settings, run, existing.choice());
        }
        return 0;
    }

    static RunSummary train(SparkSession spark, Settings settings, String run, TrainingRequest.Existing existing) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        TrainingRequest request = request(hadoop, settings, run, existing);
        try (RunTracker tracker = RunTracker.of(request.config(), hadoop)) {
            return TrainingRun.run(spark, request, tracker);
        }
    }

    static TrainingRequest request(
            Configuration hadoop, Settings chosen, String run, TrainingRequest.Existing existing) {
        Settings settings = chosen.completed(hadoop);
        DatasetManifest manifest = DatasetManifest.read(hadoop, new Path(settings.data()));
        RunConfig config = settings.run(run, manifest.vocabularySize());
        return new TrainingRequest(
                config,
                settings.ranks(),
                settings.leastRanks(),
                settings.render(),
                existing,
                settings.maxRestarts(),
                1);
    }
}
