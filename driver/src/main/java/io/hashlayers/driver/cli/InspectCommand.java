package io.hashlayers.driver.cli;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.data.DatasetManifest;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        description = "Tells what a dataset, a run or a checkpoint holds, and verifies its checksums.",
        footer = {
            "",
            "For a dataset: sizes of the splits, and how evenly expert tables would spread its training text over experts",
            "and ranks, before any training. For a run or a checkpoint: the model and its tensors.",
            "",
            "Examples:",
            "  hashlayers inspect work/data --experts 16,64",
            "  hashlayers inspect work/run",
            "  hashlayers inspect work/run/checkpoints/step-00001000"
        })
final class InspectCommand implements Callable<Integer> {
    private static final Pattern CHECKPOINT = Pattern.compile("(.*)/checkpoints/step-(\\d+)/?");

    @Parameters(paramLabel = "DIR", description = "Folder of a dataset, of a run or of a checkpoint.")
    private String dir = "";

    @Option(
            names = "--experts",
            split = ",",
            paramLabel = "E",
            defaultValue = "16,64",
            description = "Numbers of experts to build tables for; default: ${DEFAULT-VALUE}.")
    private List<Integer> experts = List.of();

    @Option(
            names = "--experts-per-token",
            paramLabel = "K",
            defaultValue = "1",
            description = "Experts that each token visits; default: ${DEFAULT-VALUE}.")
    private int expertsPerToken;

    @Option(
            names = "--ranks",
            split = ",",
            paramLabel = "W",
            defaultValue = "2,4,8",
            description = "Numbers of ranks to place the experts on; default: ${DEFAULT-VALUE}.")
    private List<Integer> ranks = List.of();

    @Override
    public Integer call() throws IOException {
        Configuration hadoop = HadoopSettings.load();
        Matcher checkpoint = CHECKPOINT.matcher(dir);
        if (checkpoint.matches()) {
            inspectRun(hadoop, checkpoint.group(1), OptionalLong.of(Long.parseLong(checkpoint.group(2))));
        } else if (DatasetManifest.exists(hadoop, new Path(dir))) {
            inspectDataset(hadoop);
        } else if (CheckpointReader.latestStep(hadoop, dir).isPresent()) {
            inspectRun(hadoop, dir, OptionalLong.empty());
        } else {
            throw new TrainingException(
                    Failure.DATA,
                    dir + " holds neither a dataset (manifest.json) nor a whole checkpoint; check the path");
        }
        return 0;
    }

    private void inspectDataset(Configuration hadoop) throws IOException {
        var report = new DatasetReport(System.out);
        report.print(dir, DatasetManifest.read(hadoop, new Path(dir)));
        report.verify(hadoop, dir);
        long[] counts = Frequencies.read(hadoop, dir).train();
        var balance = new BalancePage(counts, expertsPerToken, ranks, System.out);
        experts.forEach(balance::print);
    }

    private static void inspectRun(Configuration hadoop, String run, OptionalLong step) {
        try (CheckpointReader checkpoint = CheckpointReader.open(hadoop, run, step)) {
            new CheckpointReport(System.out).print(run, checkpoint);
        }
    }
}
