package io.hashlayers.driver.bench;

import io.hashlayers.driver.bench.BenchReport.Exchange;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.RowExchange;
import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Times all-to-all and all-reduce between the ranks, from small matrices, where latency counts, to large ones. */
final class ExchangeTimes {
    private static final int COLS = 256;
    private static final int[] ROWS = {64, 1024, 16384}; // 64 KiB, 1 MiB, 16 MiB
    private static final int CALLS = 15;

    private final Collective collective;

    ExchangeTimes(Collective collective) {
        this.collective = collective;
    }

    /** All ranks call it together. */
    List<Exchange> measure() {
        List<Exchange> exchanges = new ArrayList<>();
        int worldSize = collective.worldSize();
        if (worldSize == 1) {
            return exchanges;
        }
        for (int size : ROWS) {
            int rows = (size + worldSize - 1) / worldSize * worldSize;
            Matrix send = Matrix.allocate(rows, COLS);
            Matrix receive = Matrix.allocate(rows, COLS);
            RowExchange even = new EvenExchange(rows / worldSize);
            long bytes = send.size() * Float.BYTES;
            double away = (double) bytes * (worldSize - 1) / worldSize;
            exchanges.add(
                    new Exchange("all-to-all", bytes, median(() -> collective.allToAll(send, receive, even)), away));
            exchanges.add(new Exchange("all-reduce", bytes, median(() -> collective.allReduce(send)), 2 * away));
        }
        return exchanges;
    }

    private double median(Runnable exchange) {
        double[] seconds = new double[CALLS];
        double[] nothing = new double[1];
        for (int call = -CALLS; call < CALLS; call++) { // the first ones size buffers and wake the compiler
            collective.allReduce(nothing);
            long start = System.nanoTime();
            exchange.run();
            seconds[Math.max(0, call)] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(seconds);
        return seconds[CALLS / 2];
    }

    /** As many rows for each rank. */
    private record EvenExchange(int rows) implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return 1;
        }

        @Override
        public int sendStart(int peer, int segment) {
            return peer * rows;
        }

        @Override
        public int sendRows(int peer, int segment) {
            return rows;
        }

        @Override
        public int receiveSegments(int peer) {
            return 1;
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return peer * rows;
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return rows;
        }
    }
}
