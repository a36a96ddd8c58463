package io.hashlayers.driver.cli;

import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.gang.TrainingRequest;
import io.hashlayers.driver.gang.TrainingRequest.Existing;
import io.hashlayers.driver.gang.TrainingRun;
import io.hashlayers.driver.track.ConsoleReporter;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "plan",
        description = "Plans a training run without training: expert table, placement, traffic of every step, memory.",
        footer = {
            "",
            "A hash fixes the routing, so what every rank will send to every expert in every step follows from the text.",
            "--ranks plans for a cluster that need not be there. The folder gets run.conf, table/ and plan/.",
            "",
            "Examples:",
            "  hashlayers plan --conf conf/quickstart.conf --data work/data --out work/plan-8 --ranks 8",
            "  hashlayers plan --conf conf/models/hash-1x64.conf --data hdfs:///data --out hdfs:///plans/64 \\",
            "      --ranks 64"
        })
final class PlanCommand implements Callable<Integer> {
    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Mixin
    private DataOption data = new DataOption();

    @Mixin
    private StartOptions start = new StartOptions();

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of the plan, to be made.")
    private String out = "";

    @Option(
            names = "--ranks",
            paramLabel = "W",
            description = "Ranks to plan for, over train.ranks; default: all slots of the master.")
    private int ranks;

    @Option(names = "--overwrite", description = "Delete the plan or run that lies in that folder already.")
    private boolean overwrite;

    @Override
    public Integer call() {
        Settings chosen = data.over(options.load());
        chosen.data(); // named, before Spark starts
        Settings begun = start.over(chosen, HadoopSettings.load());
        Settings settings = ranks > 0 ? begun.withRanks(ranks) : begun;
        try (SparkSession spark = SparkSessions.create("hashlayers plan")) {
            TrainingRequest request = TrainCommand.request(
                    spark.sparkContext().hadoopConfiguration(),
                    settings,
                    out,
                    overwrite ? Existing.REPLACE : Existing.GO_ON);
            TrainingRun.plan(spark, request, ConsoleReporter.of(request.config()));
        }
        System.err.println("planned in " + out);
        return 0;
    }
}
