package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.DistillationRequest;
import io.hashlayers.driver.gang.DistillationRun;
import io.hashlayers.driver.gang.DistilledTable;
import io.hashlayers.driver.gang.EvaluationRequest;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.track.ConsoleReporter;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.train.TrainConfig;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "distil",
        description = "Makes an expert table of a learned router, so that training can go on with a hash.",
        footer = {
            "",
            "The routers of the checkpoint read the training split, without any limit of capacity, and each token gets the",
            "expert that it was sent to most often; tokens that do not occur are dealt out as in a balanced table. A model",
            "with several learned routers needs {layer} in the name of the file. The whole split takes as long as a third of an",
            "epoch of training; --sequences reads less of it. See docs/fine-tuning.md.",
            "",
            "Examples:",
            "  hashlayers distil --run work/switch --out work/table.bin",
            "  hashlayers distil --run work/base --out work/table-{layer}.bin --sequences 10000",
            "  hashlayers train --from work/switch --data work/data --run work/frozen -D moe.router=hash \\",
            "      -D moe.combine=sigmoid -D moe.table=file -D moe.table-file=work/table.bin"
        })
final class DistilCommand implements Callable<Integer> {
    @Mixin
    private CheckpointOptions checkpoint = new CheckpointOptions();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "Table to be made, any Hadoop path; {layer} in it becomes the number of the block.")
    private String out = "";

    @Option(
            names = "--sequences",
            paramLabel = "N",
            defaultValue = "0",
            description = "Sequences of the training split to read, 0 for all; default: all.")
    private long sequences;

    @Option(
            names = "--ranks",
            paramLabel = "N",
            description = "Ranks, 0 for as many as the cluster has slots and the batch allows; default: as the run.")
    private @Nullable Integer ranks;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    @Override
    public Integer call() {
        Settings settings = checkpoint.settings(ranks);
        String data = checkpoint.data(settings);
        TrainConfig train = settings.train();
        var reading = new EvaluationRequest(
                checkpoint.run(),
                checkpoint.step(),
                data,
                DatasetFiles.TRAIN,
                train.batchSequences(),
                EvaluateCommand.partsOfBatch(train, settings.ranks()),
                settings.ranks(),
                settings.kernels(),
                train.timeoutSeconds());
        var request = new DistillationRequest(reading, sequences, out, overwrite);
        try (SparkSession spark = SparkSessions.create("hashlayers distil")) {
            List<DistilledTable> tables = DistillationRun.run(spark, request, ConsoleReporter.of(0, 0));
            tables.forEach(table -> System.out.println(describe(table)));
            System.out.println(continuation(data));
        }
        return 0;
    }

    static String describe(DistilledTable table) {
        return String.format(
                Locale.ROOT,
                "block %d: %,d of %,d tokens were routed; the table has the router's expert for %.2f %% of %,d rows; MaxVio %.3f (at least %.3f for any table), of the router %.3f; %s",
                table.layer(),
                table.seen(),
                table.values(),
                100 * table.agreement(),
                table.rows(),
                table.balance().maxVio(),
                table.balance().maxVioBound(),
                table.routerMaxVio(),
                table.file());
    }

    /** How to go on. */
    private String continuation(String data) {
        return "go on with: hashlayers train --from %s%s --data %s --run NEW -D moe.router=hash -D moe.combine=sigmoid -D moe.table=file -D moe.table-file=%s"
                .formatted(
                        checkpoint.run(),
                        checkpoint.step().isPresent()
                                ? " --from-step " + checkpoint.step().getAsLong()
                                : "",
                        data,
                        out);
    }
}
