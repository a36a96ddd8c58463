package io.hashlayers.driver.chaos;

import java.util.ArrayList;
import java.util.List;

/** Loaded into an executor by {@link ExhaustHeap}: keeps all that it allocates. */
public final class HeapFiller {
    private static final int BLOCK = 1 << 22;

    private HeapFiller() {}

    /** What a JVM calls of an agent. */
    public static void agentmain(String arguments) {
        Thread thread = new Thread(HeapFiller::fill, "heap-filler");
        thread.setDaemon(true);
        thread.start();
    }

    private static void fill() {
        List<byte[]> kept = new ArrayList<>();
        while (!kept.isEmpty() || kept.add(new byte[BLOCK])) {
            kept.add(new byte[BLOCK]);
        }
    }
}
