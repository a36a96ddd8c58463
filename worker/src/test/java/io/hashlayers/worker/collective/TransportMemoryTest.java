package io.hashlayers.worker.collective;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.worker.kernels.Matrix;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The oracle is the JVM, which counts the direct buffers that it hands out. */
class TransportMemoryTest {
    private static final int WORLD_SIZE = 3;
    private static final int FLOATS = 9_000; // so that all of it is less than a chunk of Netty
    private static final int MAX_MESSAGE_BYTES = 1000;
    /** Its pools grow by so much at a time, as the connections come to use them. */
    private static final long CHUNK_OF_NETTY = 4 << 20;

    @Test
    void ranksOfDifferentJvmsTakeWhatIsPlanned() throws Exception {
        TransportSettings settings =
                new TransportSettings("127.0.0.1", Map.of(), null, "app", MAX_MESSAGE_BYTES, Integer.MAX_VALUE);
        List<Endpoint> endpoints = IntStream.range(0, WORLD_SIZE)
                .mapToObj(rank -> new Endpoint(settings))
                .toList();
        try {
            List<String> addresses = endpoints.stream().map(Endpoint::address).toList();
            List<Collective> collectives = IntStream.range(0, WORLD_SIZE)
                    .mapToObj(rank -> endpoints.get(rank).join(rank, addresses, Duration.ofSeconds(30)))
                    .toList();
            List<Matrix> values = IntStream.range(0, WORLD_SIZE)
                    .mapToObj(rank -> Matrix.allocate(1, FLOATS))
                    .toList();
            long before = settledBytes();

            RankThreads.runAll(collectives, collective -> {
                Matrix mine = values.get(collective.rank());
                for (int i = 0; i < Collective.WINDOW; i++) {
                    collective.allReduce(mine);
                }
                for (int i = 0; i < 2; i++) {
                    collective.allToAll(mine, mine, new ToAll());
                }
            });

            long message = TransportMemory.reductionMessage(FLOATS, WORLD_SIZE);
            long planned = WORLD_SIZE * TransportMemory.ofRank(WORLD_SIZE - 1, 4 * FLOATS, message, MAX_MESSAGE_BYTES);
            assertThat(message).isEqualTo(12_000);
            assertThat(Math.floorMod(directBytes() - before, CHUNK_OF_NETTY))
                    .isBetween(planned * 99 / 100, planned * 101 / 100);
        } finally {
            endpoints.forEach(Endpoint::close);
        }
    }

    @Test
    void ranksOfOneJvmTakeNone() {
        assertThat(TransportMemory.ofRank(0, 1 << 20, 1 << 20, MAX_MESSAGE_BYTES))
                .isZero();
        assertThat(TransportMemory.reductionMessage(1 << 20, 1)).isZero();
    }

    /** The same row to everyone, and that of the last one stays. */
    private record ToAll() implements RowExchange {
        @Override
        public int sendSegments(int peer) {
            return 1;
        }

        @Override
        public int sendStart(int peer, int segment) {
            return 0;
        }

        @Override
        public int sendRows(int peer, int segment) {
            return 1;
        }

        @Override
        public int receiveSegments(int peer) {
            return 1;
        }

        @Override
        public int receiveStart(int peer, int segment) {
            return 0;
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return 1;
        }
    }

    /** As {@link #directBytes}, once what other tests left is freed, which the JVM does on a thread of its own. */
    private static long settledBytes() throws InterruptedException {
        long bytes = -1;
        for (int calm = 0; calm < 3; calm++) {
            System.gc();
            Thread.sleep(100);
            if (directBytes() != bytes) {
                bytes = directBytes();
                calm = 0;
            }
        }
        return bytes;
    }

    private static long directBytes() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
