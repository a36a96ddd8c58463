package io.hashlayers.driver.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The program as a whole: without a command it says which there are. */
@Command(
        name = "hashlayers",
        description = "Trains hash-routed sparse Mixture-of-Experts language models on Apache Spark.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        scope = ScopeType.INHERIT,
        usageHelpWidth = 120,
        synopsisSubcommandLabel = "COMMAND",
        optionListHeading = "%nOptions:%n",
        parameterListHeading = "%nArguments:%n",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            QuickstartCommand.class,
            PrepareCommand.class,
            InspectCommand.class,
            TableCommand.class,
            PlanCommand.class,
            TrainCommand.class,
            DistilCommand.class,
            CompareCommand.class,
            EvaluateCommand.class,
            GenerateCommand.class,
            BenchCommand.class,
            ChaosCommand.class
        })
final class HashlayersCommand implements Runnable {
    private static final String[] FOOTER = {
        "",
        "The launcher deploy/hashlayers takes these itself, before or after the command:",
        "  --master URL            local[N] (N ranks in one JVM), local-cluster[EXECUTORS,CORES,MEGABYTES],",
        "                          spark://HOST:PORT, yarn or k8s://URL; default local[*]",
        "  --spark-conf KEY=VALUE  any key of Spark, such as spark.executor.memory=8g",
        "",
        "Exit status: 0 done, 2 wrong usage or configuration, 3 a file or its contents cannot be used,",
        "4 the cluster cannot run it, 5 a rank or the network went away, 6 the loss is not a number,",
        "70 a fault of the program.",
        "",
        "Start here: hashlayers quickstart"
    };

    @Option(
            names = "--verbose",
            description = "On failure, tell all that is known of its cause.",
            scope = ScopeType.INHERIT)
    boolean verbose;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Spec
    void footer(CommandSpec mine) { // not by the annotation, which the commands would inherit
        mine.usageMessage().footer(FOOTER);
    }

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "no command given; it is one of "
                        + String.join(", ", spec.subcommands().keySet()));
    }
}
