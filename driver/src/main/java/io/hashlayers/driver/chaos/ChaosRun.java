package io.hashlayers.driver.chaos;

import io.hashlayers.driver.chaos.FaultSchedule.Planned;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** One run and what strikes it. Whenever its command ends without success, the same command is given again. */
final class ChaosRun implements AutoCloseable {
    private static final Duration RECOVERY = Duration.ofMinutes(5);
    private static final Duration NO_STEP = Duration.ofMinutes(3);
    private static final Duration END = Duration.ofMinutes(10);
    private static final int MOST_COMMANDS = 4; // that may end of one fault

    private final int number;
    private final TrainCommandLine command;
    private final StandaloneCluster cluster;
    private final Path store;
    private final RunLog log;
    private Process driver;

    /**
     * Starts a run.
     *
     * @param store control file of its file system
     */
    ChaosRun(int number, TrainCommandLine command, StandaloneCluster cluster, Path store) throws IOException {
        this.number = number;
        this.command = command;
        this.cluster = cluster;
        this.store = store;
        this.log = new RunLog(command.run(), command.printed());
        this.driver = command.start();
    }

    /**
     * Waits for the step of a fault, does it, and waits until the run is behind it.
     *
     * @throws TrainingException if the run does not get there
     */
    FaultOutcome strike(Planned planned, SplittableRandom random) throws IOException, InterruptedException {
        awaitStep(planned.step());
        Fault fault = planned.kind().fault();
        long step = log.step();
        int resumed = log.resumptions().size();
        Target target = new Target(cluster, driver.toHandle(), command.run(), store, random);
        long start = System.nanoTime();
        String struck = fault.strike(target);
        List<Integer> exitCodes = new ArrayList<>();
        String error = "";
        long furthest = step;
        boolean healed = false;
        boolean over = false;
        while (!over && since(start) < RECOVERY.toSeconds() && exitCodes.size() < MOST_COMMANDS) {
            Pause.shortly();
            boolean ended = !driver.isAlive();
            boolean resumedAgain = log.resumptions().size() > resumed;
            boolean mayHeal = fault.outlastsTheRun()
                    ? resumedAgain
                    : ended || since(start) >= fault.lasts().toSeconds();
            if (!healed && mayHeal) {
                fault.heal(target);
                healed = true;
            }
            if (ended && driver.exitValue() != 0) {
                exitCodes.add(driver.exitValue());
                error = log.lastLine();
                driver = command.start();
            }
            boolean again = resumedAgain || !planned.kind().interrupts();
            if (!again) {
                furthest = Math.max(furthest, log.step()); // it may take a while until the run feels it
            }
            over = healed && again && log.step() > furthest;
        }
        double seconds = since(start);
        if (!healed) {
            fault.heal(target);
        }
        return new FaultOutcome(
                number,
                planned.kind(),
                struck,
                step,
                over ? seconds : Double.NaN,
                lost(furthest, resumed),
                exitCodes,
                error);
    }

    private long lost(long furthest, int resumed) throws IOException {
        List<Long> all = log.resumptions();
        return all.size() > resumed ? Math.max(0, furthest - all.get(all.size() - 1)) : 0;
    }

    private void awaitStep(long step) throws IOException {
        long start = System.nanoTime();
        long before = log.step();
        while (log.step() < step) {
            if (log.step() != before) {
                before = log.step();
                start = System.nanoTime();
            }
            if (!driver.isAlive() || since(start) > NO_STEP.toSeconds()) {
                throw stuck("did not get to step " + step);
            }
            Pause.shortly();
        }
    }

    /**
     * Waits for the end.
     *
     * @throws TrainingException if it is no success
     */
    void awaitEnd() throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!driver.waitFor(1, TimeUnit.SECONDS)) {
            if (since(start) > END.toSeconds()) {
                throw stuck("did not end within " + END.toSeconds() + " s");
            }
        }
        if (driver.exitValue() != 0) {
            throw stuck("ended with exit code " + driver.exitValue());
        }
    }

    private TrainingException stuck(String what) throws IOException {
        return new TrainingException(
                Failure.BUG, "run %d %s: %s; see %s".formatted(number, what, log.lastLine(), command.printed()));
    }

    private static double since(long start) {
        return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public void close() {
        driver.destroyForcibly();
    }
}
