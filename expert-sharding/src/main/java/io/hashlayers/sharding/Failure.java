package io.hashlayers.sharding;

/** Who can mend a failure; it fixes the exit code of the command and whether a restart may help. */
public enum Failure {
    /** Wrong usage or configuration: the user must change something. */
    USER(2, false),
    /** A file or its contents cannot be used: missing, malformed, checksum. */
    DATA(3, false),
    /** The cluster cannot run it now: slots, memory, GPUs, disk. */
    RESOURCES(4, true),
    /** A rank, an executor or the network went away. */
    PEER_LOST(5, true),
    /** The loss is not a number or runs away. */
    DIVERGED(6, false),
    /** An invariant of ours is broken: please report it. */
    BUG(70, false);

    private final int exitCode;
    private final boolean retryable;

    Failure(int exitCode, boolean retryable) {
        this.exitCode = exitCode;
        this.retryable = retryable;
    }

    /** The exit status of the command that met this failure. */
    public int exitCode() {
        return exitCode;
    }

    /** Whether the same run may succeed when started again. */
    public boolean retryable() {
        return retryable;
    }
}
