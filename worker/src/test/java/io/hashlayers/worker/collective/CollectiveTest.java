package io.hashlayers.worker.collective;

import static io.hashlayers.worker.collective.ConnectedRanks.SOCKETS_ONLY;
import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.collective.ConnectedRanks.Topology;
import io.hashlayers.worker.kernels.Matrix;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CollectiveTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final ConnectedRanks ranks = new ConnectedRanks();

    @AfterEach
    void closeEndpoints() {
        ranks.close();
    }

    private List<Collective> connect(Topology topology, int worldSize, Duration timeout) {
        return ranks.connect(topology, worldSize, timeout);
    }

    @ParameterizedTest
    @EnumSource
    void allReduceSumsInRankOrderAndGivesAllTheSameBits(Topology topology) throws Exception {
        for (int worldSize : new int[] {1, 2, 3}) {
            RankThreads.runAll(connect(topology, worldSize, TIMEOUT), collective -> {
                for (int size : new int[] {1, 2, 1000, 70_001}) {
                    Matrix values = matrix(random(collective.rank(), size));
                    collective.allReduce(values);
                    assertThat(floats(values)).containsExactly(sumInRankOrder(worldSize, size));
                }
            });
        }
    }

    private static float[] sumInRankOrder(int worldSize, int size) {
        float[] sum = random(0, size);
        for (int rank = 1; rank < worldSize; rank++) {
            float[] part = random(rank, size);
            for (int i = 0; i < size; i++) {
                sum[i] += part[i];
            }
        }
        return sum;
    }

    @RandomSeeds(4)
    void allToAllMovesEveryRowToItsPlace(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        int worldSize = random.nextInt(1, 5);
        int segments = random.nextInt(1, 5);
        int cols = random.nextInt(1, 40);
        int[][][] rows = new int[worldSize][worldSize][segments]; // from, to, segment
        for (int[][] from : rows) {
            for (int[] to : from) {
                for (int i = 0; i < segments; i++) {
                    to[i] = random.nextInt(4) == 0 ? 0 : random.nextInt(30);
                }
            }
        }

        for (Topology topology : Topology.values()) {
            RankThreads.runAll(
                    connect(topology, worldSize, TIMEOUT),
                    collective -> exchangeAndCheck(collective, rows, segments, cols));
        }
    }

    /** A row carries (source, destination, segment, number) so that its place can be told from its contents. */
    private static void exchangeAndCheck(Collective collective, int[][][] rows, int segments, int cols) {
        int me = collective.rank();
        int worldSize = collective.worldSize();
        var exchange = new SegmentedExchange(me, rows, segments);
        Matrix send = Matrix.allocate(exchange.sendTotal(), cols);
        Matrix receive = Matrix.allocate(exchange.receiveTotal(), cols);
        for (int peer = 0; peer < worldSize; peer++) {
            int at = exchange.sendStart(peer, 0);
            for (int segment = 0; segment < segments; segment++) {
                for (int i = 0; i < rows[me][peer][segment]; i++) {
                    send.set(at++, cols - 1, label(me, peer, segment, i));
                }
            }
        }
        for (int operation = 0; operation < 3; operation++) {
            collective.allToAll(send, receive, exchange);
            for (int segment = 0; segment < segments; segment++) {
                for (int peer = 0; peer < worldSize; peer++) {
                    for (int i = 0; i < rows[peer][me][segment]; i++) {
                        assertThat(receive.get(exchange.receiveStart(peer, segment) + i, cols - 1))
                                .isEqualTo(label(peer, me, segment, i));
                    }
                }
            }
        }
    }

    private static float label(int from, int to, int segment, int row) {
        return 1 + row + 32 * (segment + 8 * (to + 8 * from));
    }

    @ParameterizedTest
    @EnumSource
    void scalarsBytesAndBroadcastsReachEveryRank(Topology topology) throws Exception {
        int worldSize = 3;

        RankThreads.runAll(connect(topology, worldSize, TIMEOUT), collective -> {
            int rank = collective.rank();
            double[] sums = {rank + 1, 0.5};
            collective.allReduce(sums);
            assertThat(sums).containsExactly(6, 1.5);

            int[] counts = new int[worldSize * 2];
            collective.allGather(new int[] {-rank, 70_000 + rank}, counts);
            assertThat(counts).containsExactly(0, 70_000, -1, 70_001, -2, 70_002);

            byte[][] all = collective.allGather("r".repeat(rank * 700).getBytes(StandardCharsets.UTF_8));
            assertThat(Stream.of(all).map(bytes -> bytes.length)).containsExactly(0, 700, 1400);

            Matrix values = matrix(random(rank, 500));
            collective.broadcast(values, 2);
            assertThat(floats(values)).containsExactly(random(2, 500));
        });
    }

    @ParameterizedTest
    @EnumSource
    void theFirstErrorReachesEveryRank(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(connect(topology, 3, TIMEOUT), collective -> {
            if (collective.rank() == 1) {
                throw new TrainingException(Failure.DATA, "shard 7 is damaged");
            }
            collective.allReduce(new double[4]);
        });

        assertThat(thrown.get(1)).hasMessage("shard 7 is damaged");
        for (int rank : new int[] {0, 2}) {
            assertThat(thrown.get(rank)).hasMessage("rank 1 failed: shard 7 is damaged");
            assertThat(((TrainingException) thrown.get(rank)).failure()).isEqualTo(Failure.PEER_LOST);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aHungPeerIsNamedAtTheDeadline(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(connect(topology, 2, Duration.ofSeconds(1)), collective -> {
            if (collective.rank() == 0) {
                collective.allReduce(new double[1]);
            } else {
                Thread.sleep(3000);
            }
        });

        assertThat(thrown.get(0))
                .hasMessageContaining("rank 0 waited 1 s for rank 1")
                .hasMessageContaining("all-reduce of scalars (operation 1)")
                .hasMessageContaining("train.timeout-seconds");
    }

    @ParameterizedTest
    @EnumSource
    void differentLengthsEndAllRanks(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(
                connect(topology, 2, TIMEOUT), collective -> collective.allReduce(new double[1 + collective.rank()]));

        assertThat(thrown).allSatisfy(error -> assertThat(error).isInstanceOf(TrainingException.class));
        assertThat(thrown.stream().map(Throwable::getMessage).toList().toString())
                .contains("8 bytes")
                .contains("expects 16");
    }

    @Test
    void aPeerWithoutTheSecretIsRefused() {
        Map<String, String> conf = Map.of("spark.authenticate", "true", "spark.network.crypto.enabled", "true");
        Endpoint guarded =
                ranks.open(new TransportSettings("127.0.0.1", conf, secret("right"), "app", 1000, SOCKETS_ONLY));
        Endpoint open = ranks.open(new TransportSettings("127.0.0.1", Map.of(), null, "app", 1000, SOCKETS_ONLY));
        Endpoint wrong =
                ranks.open(new TransportSettings("127.0.0.1", conf, secret("wrong"), "app", 1000, SOCKETS_ONLY));

        assertThat(refusal(wrong, guarded)).hasMessageContaining("cannot reach rank 1");
        // Without the handshake a connection stands until something is sent on it.
        Collective stranger = open.join(0, List.of(open.address(), guarded.address()), TIMEOUT);
        assertThat(thrownBy(() -> stranger.allReduce(new double[1])))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("its connection was closed");
    }

    @Test
    void peersWithTheSecretTalkEncryptedAndUnencrypted() throws Exception {
        for (String encrypted : List.of("true", "false")) {
            Map<String, String> conf = Map.of("spark.authenticate", "true", "spark.network.crypto.enabled", encrypted);
            RankThreads.runAll(ranks.join(2, 1, TIMEOUT, conf, secret("right"), SOCKETS_ONLY), collective -> {
                Matrix values = matrix(random(0, 5000));
                collective.allReduce(values);
                assertThat(values.get(0, 7)).isEqualTo(2 * random(0, 5000)[7]);
            });
        }
    }

    private static Throwable refusal(Endpoint from, Endpoint to) {
        return thrownBy(() -> from.join(0, List.of(from.address(), to.address()), TIMEOUT));
    }

    private static Throwable thrownBy(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException e) {
            return e;
        }
        throw new AssertionError("nothing was thrown");
    }

    private static SecretKeyHolder secret(String key) {
        return new SecretKeyHolder() {
            @Override
            public String getSaslUser(String appId) {
                return "sparkSaslUser";
            }

            @Override
            public String getSecretKey(String appId) {
                return key;
            }
        };
    }

    private static float[] random(int rank, int size) {
        SplittableRandom random = new SplittableRandom(rank);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Matrix matrix(float[] values) {
        Matrix matrix = Matrix.allocate(1, values.length);
        for (int i = 0; i < values.length; i++) {
            matrix.set(0, i, values[i]);
        }
        return matrix;
    }

    private static float[] floats(Matrix matrix) {
        float[] values = new float[matrix.cols()];
        for (int i = 0; i < values.length; i++) {
            values[i] = matrix.get(0, i);
        }
        return values;
    }

    /** Sends each peer its segments in one run; receives sorted by (segment, peer). */
    private static final class SegmentedExchange implements RowExchange {
        private final int me;
        private final int[][][] rows;
        private final int segments;

        SegmentedExchange(int me, int[][][] rows, int segments) {
            this.me = me;
            this.rows = rows;
            this.segments = segments;
        }

        int sendTotal() {
            return sendStart(rows.length, 0);
        }

        int receiveTotal() {
            return receiveStart(0, segments);
        }

        @Override
        public int sendSegments(int peer) {
            return 1;
        }

        @Override
        public int sendStart(int peer, int segment) {
            return IntStream.range(0, peer).map(p -> sendRows(p, 0)).sum();
        }

        @Override
        public int sendRows(int peer, int segment) {
            return IntStream.of(rows[me][peer]).sum();
        }

        @Override
        public int receiveSegments(int peer) {
            return segments;
        }

        @Override
        public int receiveStart(int peer, int segment) {
            int start = 0;
            for (int s = 0; s < segments; s++) {
                for (int p = 0; p < rows.length; p++) {
                    if (s < segment || (s == segment && p < peer)) {
                        start += rows[p][me][s];
                    }
                }
            }
            return start;
        }

        @Override
        public int receiveRows(int peer, int segment) {
            return rows[peer][me][segment];
        }
    }
}
