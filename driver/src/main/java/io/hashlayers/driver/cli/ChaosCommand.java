package io.hashlayers.driver.cli;

import io.hashlayers.driver.chaos.ChaosCampaign;
import io.hashlayers.driver.chaos.ChaosReporter;
import io.hashlayers.driver.chaos.ChaosRequest;
import io.hashlayers.driver.chaos.ChaosResult;
import io.hashlayers.driver.chaos.FaultKind;
import io.hashlayers.driver.chaos.FaultOutcome;
import io.hashlayers.driver.config.Settings;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.train.TrainConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "chaos",
        description =
                "Kills, hangs, fills and damages on purpose: trains on a Spark cluster of real processes on this machine,"
                        + " lets faults strike by a seeded schedule, and compares what came of it with an undisturbed run.",
        footer = {
            "",
            "Everything is started and ended by the command itself, on the loopback address; --master means nothing to it.",
            "OUT/report.md says of each fault how long the run took to recover and how many steps were done again. The exit",
            "status is 0 only if every run ended with the losses and the tensors of the undisturbed one, to the bit.",
            "fill-disk and cut-network need the rights of root and are left out without them.",
            "",
            "Examples:",
            "  hashlayers chaos --data work/quickstart/data",
            "  hashlayers chaos --data work/data --faults 10 --kinds kill-executor,kill-driver --seed 7 --out work/chaos-7"
        })
final class ChaosCommand implements Callable<Integer> {
    private static final String PRESET = "chaos.conf";

    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Mixin
    private DataOption data = new DataOption();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            defaultValue = "work/chaos",
            description = "Folder of the campaign, to be made; default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("");

    @Option(
            names = "--faults",
            paramLabel = "N",
            defaultValue = "11",
            description = "Faults in all, at most five to a run; default: ${DEFAULT-VALUE}.")
    private int faults;

    @Option(
            names = "--kinds",
            paramLabel = "KIND",
            split = ",",
            description = "Kinds of faults; default: all that there are, told by --kinds help.")
    private List<String> kinds = new ArrayList<>();

    @Option(
            names = "--workers",
            paramLabel = "N",
            defaultValue = "2",
            description = "Spark workers, each with one rank; default: ${DEFAULT-VALUE}.")
    private int workers;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Of the schedule: kinds, targets and steps; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Override
    public Integer call() throws Exception {
        if (kinds.equals(List.of("help"))) {
            Arrays.stream(FaultKind.values())
                    .forEach(kind -> System.out.printf(Locale.ROOT, "%-20s %s%n", kind.id(), kind.text()));
            return 0;
        }
        Settings settings = data.over(options.loadOrPreset(PRESET)).withRanks(workers);
        settings.data();
        TrainConfig train = settings.train();
        requireUseful(train);
        ChaosRequest request = new ChaosRequest(
                settings.render(), train, out.toAbsolutePath().normalize(), chosen(), faults, workers, seed);
        ChaosResult result = ChaosCampaign.run(request, new Progress());
        System.err.println("report in " + request.out().resolve("report.md"));
        if (!result.passed()) {
            throw new TrainingException(
                    Failure.BUG,
                    "not every run ended as the undisturbed one; see "
                            + request.out().resolve("report.md"));
        }
        return 0;
    }

    private List<FaultKind> chosen() {
        return kinds.isEmpty()
                ? List.of(FaultKind.values())
                : kinds.stream().map(FaultKind::of).toList();
    }

    private void requireUseful(TrainConfig train) {
        if (faults < 1 || workers < 1) {
            throw new TrainingException(Failure.USER, "--faults and --workers must be at least 1");
        }
        long interval = train.checkpoints().every();
        if (interval < 1 || train.steps() < 8 * interval) {
            throw new TrainingException(
                    Failure.USER,
                    "a run of %d steps with a checkpoint every %d leaves no room for faults; set train.steps to 8 times train.checkpoint-every or more"
                            .formatted(train.steps(), interval));
        }
    }

    private static final class Progress implements ChaosReporter {
        @Override
        public void say(String sentence) {
            System.err.println(sentence);
        }

        @Override
        public void struck(FaultOutcome outcome, int number, int total) {
            System.err.printf(
                    Locale.ROOT,
                    "fault %d of %d, run %d, step %,d: %s (%s): %s%n",
                    number,
                    total,
                    outcome.run(),
                    outcome.step(),
                    outcome.kind().id(),
                    outcome.target(),
                    outcome.recovered()
                            ? String.format(
                                    Locale.ROOT,
                                    "went on after %.1f s, %d steps again%s",
                                    outcome.secondsToRecover(),
                                    outcome.stepsLost(),
                                    outcome.exitCodes().isEmpty() ? "" : ", exit codes " + outcome.exitCodes())
                            : "did NOT go on; " + outcome.error());
        }
    }
}
