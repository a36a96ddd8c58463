package io.hashlayers.worker.collective;

import org.jspecify.annotations.Nullable;

/** What an operation does. All ranks are in the same one; its number goes on the wire, so that they notice if they are not. */
enum Kind {
    ALL_TO_ALL(0, "all-to-all", Lane.AT_ONCE),
    SCALARS(1, "all-reduce of scalars", Lane.AT_ONCE),
    BYTES(2, "all-gather of bytes", Lane.AT_ONCE),
    BROADCAST(3, "broadcast", Lane.AT_ONCE),
    REDUCE_SCATTER(4, "reduce-scatter", Lane.OVERLAPPING),
    ALL_GATHER(5, "all-gather", Lane.OVERLAPPING),
    COUNTS(6, "all-gather of counts", Lane.AT_ONCE);

    private static final Kind[] ALL = values();

    private final byte code;
    private final String title;
    private final Lane lane;

    Kind(int code, String title, Lane lane) {
        this.code = (byte) code;
        this.title = title;
        this.lane = lane;
    }

    /** The buffers that its messages take. */
    Lane lane() {
        return lane;
    }

    /** Its number on the wire. */
    byte code() {
        return code;
    }

    /** The kind of a number; null if there is none. */
    static @Nullable Kind of(byte code) {
        for (Kind kind : ALL) {
            if (kind.code == code) {
                return kind;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return title;
    }
}
