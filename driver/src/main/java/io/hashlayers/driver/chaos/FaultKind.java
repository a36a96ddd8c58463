package io.hashlayers.driver.chaos;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What can go wrong, and what it needs of the machine. */
public enum FaultKind {
    KILL_EXECUTOR("SIGKILL to an executor", true, Need.NOTHING),
    HANG_EXECUTOR("SIGSTOP to an executor", true, Need.NOTHING),
    EXHAUST_HEAP("OutOfMemoryError in an executor", true, Need.NOTHING),
    KILL_WORKER("SIGKILL to a Spark worker; another is started", true, Need.NOTHING),
    KILL_DRIVER("SIGKILL to the driver; the same command again", true, Need.NOTHING),
    CORRUPT_CHECKPOINT("driver killed, a bit of the newest checkpoint flipped", true, Need.NOTHING),
    TRUNCATE_CHECKPOINT("driver killed, a file of the newest checkpoint cut short", true, Need.NOTHING),
    FILL_DISK("no room left on the disk of the run", true, Need.MOUNT),
    FAIL_STORE("the store refuses to create files", true, Need.NOTHING),
    SLOW_STORE("the store takes a second for each file", false, Need.NOTHING),
    CUT_NETWORK("all connections between two executors are reset", true, Need.SOCKETS);

    /** What a fault needs that not every machine grants. */
    enum Need {
        NOTHING,
        MOUNT,
        SOCKETS
    }

    private final String text;
    private final boolean interrupts;
    private final Need need;

    FaultKind(String text, boolean interrupts, Need need) {
        this.text = text;
        this.interrupts = interrupts;
        this.need = need;
    }

    /** What happens, in words. */
    public String text() {
        return text;
    }

    /** Whether steps must be done again. */
    boolean interrupts() {
        return interrupts;
    }

    Need need() {
        return need;
    }

    /** A new one of this kind. */
    Fault fault() {
        return switch (this) {
            case KILL_EXECUTOR -> new SignalExecutor(Signal.KILL);
            case HANG_EXECUTOR -> new SignalExecutor(Signal.STOP);
            case EXHAUST_HEAP -> new ExhaustHeap();
            case KILL_WORKER -> new KillWorker();
            case KILL_DRIVER -> new KillDriver();
            case CORRUPT_CHECKPOINT -> new DamageCheckpoint(DamageCheckpoint.Damage.FLIP);
            case TRUNCATE_CHECKPOINT -> new DamageCheckpoint(DamageCheckpoint.Damage.TRUNCATE);
            case FILL_DISK -> new FillDisk();
            case FAIL_STORE -> new StoreFault(ChaosFileSystem.Mood.FAILING);
            case SLOW_STORE -> new StoreFault(ChaosFileSystem.Mood.SLOW);
            case CUT_NETWORK -> new CutConnections();
        };
    }

    /** As users write it: {@code kill-executor}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The kind of this name.
     *
     * @throws TrainingException of kind {@code USER} that names all
     */
    public static FaultKind of(String id) {
        return Arrays.stream(values())
                .filter(kind -> kind.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new TrainingException(
                        Failure.USER,
                        "'%s' is no kind of fault; --kinds takes %s"
                                .formatted(
                                        id,
                                        Arrays.stream(values())
                                                .map(FaultKind::id)
                                                .collect(Collectors.joining(", ")))));
    }
}
