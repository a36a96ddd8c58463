package io.hashlayers.driver.chaos;

import io.hashlayers.driver.chaos.FaultSchedule.Planned;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * An undisturbed run, then runs of the same settings that faults strike, on one cluster of real processes.
 *
 * <pre>
 * OUT/  chaos.conf  report.md  cluster/  undisturbed/  run-N.log  disk/run-N/ (until it was found equal)
 * </pre>
 */
public final class ChaosCampaign {
    private static final int FAULTS_PER_RUN = 5;

    private final ChaosRequest request;
    private final ChaosReporter reporter;
    private final Path settings;
    private final Path store;
    private final List<FaultOutcome> outcomes = new ArrayList<>();

    private ChaosCampaign(ChaosRequest request, ChaosReporter reporter) {
        this.request = request;
        this.reporter = reporter;
        this.settings = request.out().resolve("chaos.conf");
        this.store = request.out().resolve("store");
    }

    /**
     * Runs it; the report is in {@code OUT/report.md} then.
     *
     * @throws TrainingException of kind {@code USER} if the folder is there already; {@code BUG} if the undisturbed run fails
     */
    public static ChaosResult run(ChaosRequest request, ChaosReporter reporter)
            throws IOException, InterruptedException {
        if (Files.exists(request.out())) {
            throw new TrainingException(
                    Failure.USER, request.out() + " is there already; remove it, or name another folder by --out");
        }
        makeForOwner(request.out());
        return new ChaosCampaign(request, reporter).run();
    }

    /** Its logs hold whatever processes say, and what the workers make of the settings. */
    private static void makeForOwner(Path folder) throws IOException {
        Files.createDirectories(folder.toAbsolutePath().getParent());
        Files.createDirectory(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private ChaosResult run() throws IOException, InterruptedException {
        Files.writeString(settings, request.settings());
        Files.writeString(store, ChaosFileSystem.Mood.FINE.name());
        try (StandaloneCluster cluster = StandaloneCluster.start(request.out().resolve("cluster"), request.workers());
                SmallDisk disk = SmallDisk.at(request.out().resolve("disk"))) {
            reporter.say(
                    "undisturbed run of %,d steps".formatted(request.train().steps()));
            Path undisturbed = request.out().resolve("undisturbed");
            try (ChaosRun run = start(0, cluster, undisturbed, "file")) {
                run.awaitEnd();
            }
            ChaosResult result = new ChaosResult(outcomes, disturbed(cluster, disk, undisturbed));
            Files.writeString(request.out().resolve("report.md"), ChaosReport.text(request, result));
            return result;
        }
    }

    private SortedMap<Integer, String> disturbed(StandaloneCluster cluster, SmallDisk disk, Path undisturbed)
            throws IOException, InterruptedException {
        FaultSchedule schedule = FaultSchedule.draw(
                request.seed(),
                possible(disk),
                request.faults(),
                FAULTS_PER_RUN,
                2 * request.train().checkpoints().every() + 1,
                request.train().steps());
        SplittableRandom random = new SplittableRandom(request.seed());
        SortedMap<Integer, String> differences = new TreeMap<>();
        for (int number = 1; number <= schedule.runs().size(); number++) {
            Path folder = disk.place().resolve("run-" + number);
            String difference = disturbed(number, schedule.runs().get(number - 1), cluster, folder, random);
            if (difference.isEmpty()) {
                difference = RunComparison.difference(undisturbed, folder);
            }
            differences.put(number, difference);
            if (difference.isEmpty()) {
                Folder.of(new Configuration(), folder.toUri().toString()).delete(); // the next runs need the room
            }
            String verdict = difference.isEmpty()
                    ? "equal to the undisturbed one, to the bit"
                    : "NOT equal to the undisturbed one: " + difference;
            reporter.say("run %d is %s".formatted(number, verdict));
        }
        return differences;
    }

    /** Why the run did not come to its end; empty if it did. */
    private String disturbed(
            int number, List<Planned> faults, StandaloneCluster cluster, Path folder, SplittableRandom random)
            throws InterruptedException {
        try (ChaosRun run = start(number, cluster, folder, ChaosFileSystem.SCHEME)) {
            for (Planned planned : faults) {
                FaultOutcome outcome = run.strike(planned, random);
                outcomes.add(outcome);
                reporter.struck(outcome, outcomes.size(), request.faults());
            }
            run.awaitEnd();
            return "";
        } catch (TrainingException | IOException e) { // the other runs go on
            return String.valueOf(e.getMessage());
        }
    }

    private ChaosRun start(int number, StandaloneCluster cluster, Path folder, String scheme) throws IOException {
        Path printed = request.out().resolve(number == 0 ? "undisturbed.log" : "run-" + number + ".log");
        return new ChaosRun(
                number, new TrainCommandLine(cluster.url(), settings, folder, scheme, store, printed), cluster, store);
    }

    /** The kinds that this machine allows; the others are told. */
    private List<FaultKind> possible(SmallDisk disk) {
        boolean sockets = Shell.succeeds("ss", "-K", "-tn", "sport = :1 and dport = :1");
        List<FaultKind> possible = new ArrayList<>();
        for (FaultKind kind : request.kinds()) {
            boolean granted =
                    switch (kind.need()) {
                        case NOTHING -> true;
                        case MOUNT -> disk.mounted();
                        case SOCKETS -> sockets;
                    };
            if (granted) {
                possible.add(kind);
            } else {
                reporter.say("left out: %s, which needs the rights of root".formatted(kind.id()));
            }
        }
        if (possible.isEmpty()) {
            throw new TrainingException(
                    Failure.USER, "none of the faults is possible here; name others by --kinds, or run it as root");
        }
        return possible;
    }
}
