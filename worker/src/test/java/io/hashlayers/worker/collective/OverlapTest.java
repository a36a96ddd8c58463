package io.hashlayers.worker.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.collective.ConnectedRanks.Topology;
import io.hashlayers.worker.kernels.Matrix;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operations that are begun, and finished while or after others are begun. */
class OverlapTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private final ConnectedRanks ranks = new ConnectedRanks();

    @AfterEach
    void closeEndpoints() {
        ranks.close();
    }

    @RandomSeeds(6)
    void anyOrderOfBeginningAndFinishingGivesWhatPlainLoopsGive(long seed) throws Exception {
        int worldSize = 1 + (int) Math.floorMod(seed, 4L);

        for (Topology topology : Topology.values()) {
            RankThreads.runAll(
                    ranks.connect(topology, worldSize, TIMEOUT),
                    collective -> new RandomProgram(collective, seed).run());
        }
    }

    /** The same operations on all ranks, drawn from a seed; every rank computes what all of them must hold. */
    private static final class RandomProgram {
        private static final int MATRICES = 14;
        private static final int ACTIONS = 150;

        private final Collective collective;
        private final SplittableRandom random;
        private final Matrix[] mine = new Matrix[MATRICES];
        private final float[][][] expected; // [matrix][rank][element]
        private final boolean[] busy = new boolean[MATRICES];
        private final Deque<long[]> begun = new ArrayDeque<>(); // operation, matrix

        RandomProgram(Collective collective, long seed) {
            this.collective = collective;
            this.random = new SplittableRandom(seed);
            this.expected = new float[MATRICES][collective.worldSize()][];
            for (int i = 0; i < MATRICES; i++) {
                int size = random.nextInt(4) == 0 ? random.nextInt(1, 4) : random.nextInt(1, 3000);
                for (int rank = 0; rank < collective.worldSize(); rank++) {
                    expected[i][rank] = draw(size);
                }
                mine[i] = Matrix.allocate(1, size);
                write(i);
            }
        }

        void run() {
            for (int action = 0; action < ACTIONS; action++) {
                int matrix = random.nextInt(MATRICES);
                switch (random.nextInt(9)) {
                    case 0, 1, 2 -> begin(matrix, true);
                    case 3, 4 -> begin(matrix, false);
                    case 5, 6 -> finish(random.nextInt(1, 6));
                    case 7 -> scalars();
                    default -> rewrite(matrix);
                }
            }
            finish(begun.size());
        }

        private void begin(int matrix, boolean reduce) {
            if (busy[matrix]) {
                return;
            }
            long operation =
                    reduce ? collective.beginReduceScatter(mine[matrix]) : collective.beginAllGather(mine[matrix]);
            busy[matrix] = true;
            begun.add(new long[] {operation, matrix});
            float[][] before =
                    Arrays.stream(expected[matrix]).map(float[]::clone).toArray(float[][]::new);
            for (int owner = 0; owner < collective.worldSize(); owner++) {
                Share share = Share.of(before[0].length, owner, collective.worldSize());
                for (int i = share.start(); i < share.end(); i++) {
                    if (reduce) {
                        expected[matrix][owner][i] = sumInRankOrder(before, i);
                    } else {
                        for (float[] rank : expected[matrix]) {
                            rank[i] = before[owner][i];
                        }
                    }
                }
            }
        }

        private static float sumInRankOrder(float[][] values, int i) {
            float sum = values[0][i];
            for (int rank = 1; rank < values.length; rank++) {
                sum += values[rank][i];
            }
            return sum;
        }

        /** Finishes by the number of the last of some operations. */
        private void finish(int count) {
            int last = Math.min(count, begun.size());
            for (int i = 1; i <= last; i++) {
                long[] next = begun.remove();
                int matrix = (int) next[1];
                if (i == last) {
                    collective.finish(next[0]);
                }
                busy[matrix] = false;
                if (i == last) {
                    check();
                }
            }
        }

        private void check() {
            for (int i = 0; i < MATRICES; i++) {
                if (!busy[i]) {
                    assertThat(floats(mine[i])).isEqualTo(expected[i][collective.rank()]);
                }
            }
        }

        /** Blocks, and so finishes all. */
        private void scalars() {
            double[] values = {collective.rank() + 0.5, begun.size()};
            collective.allReduce(values);
            int worldSize = collective.worldSize();
            assertThat(values).containsExactly(worldSize * worldSize / 2.0, worldSize * (double) begun.size());
        }

        /** New values, which must not be those that an operation before still sends. */
        private void rewrite(int matrix) {
            int size = expected[matrix][0].length;
            if (!busy[matrix]) {
                Arrays.setAll(expected[matrix], rank -> draw(size));
                write(matrix);
            } else {
                IntStream.range(0, collective.worldSize()).forEach(rank -> draw(size));
            }
        }

        private float[] draw(int size) {
            float[] values = new float[size];
            for (int i = 0; i < size; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return values;
        }

        private void write(int matrix) {
            float[] values = expected[matrix][collective.rank()];
            for (int i = 0; i < values.length; i++) {
                mine[matrix].set(0, i, values[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void moreThanTheWindowMayBeBegun(Topology topology) throws Exception {
        int count = 3 * Collective.WINDOW + 1;

        RankThreads.runAll(ranks.connect(topology, 3, TIMEOUT), collective -> {
            List<Matrix> values = IntStream.range(0, count)
                    .mapToObj(i -> filled(50 + i, collective.rank() + i))
                    .toList();
            for (int round = 0; round < 5; round++) {
                long last = 0;
                for (Matrix each : values) {
                    last = collective.beginAllGather(each);
                }
                collective.finish(last);
            }
            for (int i = 0; i < count; i++) {
                for (int owner = 0; owner < 3; owner++) {
                    int first = Share.of(50 + i, owner, 3).start();
                    assertThat(values.get(i).get(0, first)).isEqualTo(owner + i);
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRankThatIsFarAheadWaitsForTheOther(Topology topology) throws Exception {
        CountDownLatch ahead = new CountDownLatch(1);

        RankThreads.runAll(ranks.connect(topology, 2, TIMEOUT), collective -> {
            if (collective.rank() == 1) {
                ahead.await();
            }
            long last = 0;
            for (int i = 0; i < Collective.WINDOW; i++) {
                last = collective.beginReduceScatter(filled(1000, 1));
            }
            ahead.countDown();
            Matrix next = filled(1000, 2);
            long operation = collective.beginReduceScatter(next);
            collective.finish(last);
            collective.finish(operation);
            assertThat(next.get(0, 500 * collective.rank())).isEqualTo(4);
        });
    }

    @ParameterizedTest
    @EnumSource
    void ranksInDifferentOperationsOfEqualSizeAreTold(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(ranks.connect(topology, 2, TIMEOUT), collective -> {
            Matrix values = filled(100, 1);
            collective.finish(
                    collective.rank() == 0 ? collective.beginReduceScatter(values) : collective.beginAllGather(values));
        });

        assertThat(thrown).allSatisfy(error -> assertThat(error).isInstanceOf(TrainingException.class));
        assertThat(thrown.stream().map(Throwable::getMessage).toList().toString())
                .containsAnyOf(
                        "is in all-gather where rank 0 is in reduce-scatter (operation 1)",
                        "is in reduce-scatter where rank 1 is in all-gather (operation 1)")
                .contains("all ranks must begin the same operations in the same order");
    }

    @ParameterizedTest
    @EnumSource
    void theSecondOfTwoOperationsIsTheOneThatIsRefused(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(ranks.connect(topology, 2, TIMEOUT), collective -> {
            long first = collective.beginReduceScatter(filled(100, 1));
            long second = collective.beginReduceScatter(filled(200 + 2 * collective.rank(), 1));
            collective.finish(first);
            collective.finish(second);
        });

        assertThat(thrown.stream().map(Throwable::getMessage).toList().toString())
                .contains("sent 400 bytes in reduce-scatter (operation 2) where rank 1 expects 404");
    }

    @ParameterizedTest
    @EnumSource
    void theErrorOfAPeerEndsWhatWasBegun(Topology topology) throws Exception {
        List<Throwable> thrown = RankThreads.run(ranks.connect(topology, 3, TIMEOUT), collective -> {
            long first = collective.beginReduceScatter(filled(1000, 1));
            if (collective.rank() == 1) {
                throw new TrainingException(Failure.DATA, "shard 7 is damaged");
            }
            long second = collective.beginReduceScatter(filled(1000, 1));
            collective.finish(first);
            collective.finish(second);
        });

        for (int rank : new int[] {0, 2}) {
            assertThat(thrown.get(rank)).hasMessage("rank 1 failed: shard 7 is damaged");
        }
    }

    @Test
    void aPeerThatDiesBetweenBothHalvesIsNamed() throws Exception {
        List<Collective> collectives = ranks.connect(Topology.SOCKETS, 2, TIMEOUT);
        CountDownLatch dead = new CountDownLatch(1);

        List<Throwable> thrown = RankThreads.run(collectives, collective -> {
            Matrix values = filled(1000, 1);
            collective.reduceScatter(values);
            if (collective.rank() == 1) {
                ranks.endpoints().get(1).close();
                dead.countDown();
                return;
            }
            long operation = collective.beginReduceScatter(values);
            dead.await();
            collective.finish(operation);
        });

        assertThat(thrown.get(0)).hasMessageContaining("rank 1").hasMessageContaining("went away");
    }

    @ParameterizedTest
    @EnumSource(names = {"MEMORY", "SOCKETS"})
    void aHungPeerIsNamedWhenTheOperationIsFinished(Topology topology) throws Exception {
        CountDownLatch over = new CountDownLatch(1);

        List<Throwable> thrown = RankThreads.run(ranks.connect(topology, 2, Duration.ofSeconds(1)), collective -> {
            if (collective.rank() == 1) {
                over.await();
                return;
            }
            long operation = collective.beginReduceScatter(filled(10, 1));
            Thread.sleep(1500); // computing is not waiting
            try {
                collective.finish(operation);
            } finally {
                over.countDown();
            }
        });

        assertThat(thrown.get(0)).hasMessageContaining("rank 0 waited 1 s for rank 1");
    }

    @Test
    void anOperationThatWasNotBegunCannotBeFinished() {
        Collective collective = LocalCollectives.create(2, TIMEOUT).get(0);

        assertThatThrownBy(() -> collective.finish(1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("operation 1 was not begun; the last that was is operation 0");
    }

    @Test
    void aMessageForABufferThatIsInUseIsRefused() {
        IncomingMessages messages = new IncomingMessages();

        assertThat(messages.add(frame(1, 3), payload())).isTrue();
        assertThat(messages.add(frame(2, 3), payload())).as("not taken yet").isFalse();
        assertThat(messages.add(frame(2, 4), payload())).as("another").isTrue();
        assertThat(messages.add(frame(2, 5), payload())).as("late").isFalse();
        messages.take(1);
        assertThat(messages.add(frame(3, 3), payload())).as("taken").isTrue();
    }

    @Test
    void framesOfOneMessageAreForOneBufferAndOneOperation() {
        IncomingMessages messages = new IncomingMessages();
        Frame first = new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_GATHER, 3, 1, 0, 16);

        assertThat(messages.add(first, payload())).isTrue();
        assertThat(messages.add(new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_GATHER, 4, 1, 8, 16), payload()))
                .isFalse();
        assertThat(messages.add(new Frame(Frame.DATA, 1, 0, 1, Kind.BROADCAST, 3, 1, 8, 16), payload()))
                .isFalse();
        assertThat(messages.addShared(new Frame(Frame.SHARED, 1, 0, 1, Kind.ALL_GATHER, 3, 1, 0, 16), payload()))
                .isFalse();
        assertThat(messages.add(new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_GATHER, 3, 1, 8, 16), payload()))
                .isTrue();
        assertThat(messages.arrived(1)).isTrue();
    }

    private static Frame frame(long sequence, int buffer) {
        return new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_GATHER, buffer, sequence, 0, Long.BYTES);
    }

    private static ByteBuffer payload() {
        return ByteBuffer.allocate(Long.BYTES);
    }

    @Test
    void ranksOfOneJvmAllocateNothingOnceTheyAreSteady() throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

        RankThreads.runAll(LocalCollectives.create(2, TIMEOUT), collective -> {
            List<Matrix> buckets = IntStream.range(0, Collective.WINDOW)
                    .mapToObj(i -> filled(3000, i))
                    .toList();
            double[] scalars = new double[3];
            reduceAndGather(collective, buckets, scalars, 300);
            long before = threads.getCurrentThreadAllocatedBytes();
            reduceAndGather(collective, buckets, scalars, 200);
            // Once in a while the JVM itself takes some bytes, so what counts is that it is not in every round.
            assertThat((threads.getCurrentThreadAllocatedBytes() - before) / 200)
                    .isZero();
        });
    }

    private static void reduceAndGather(Collective collective, List<Matrix> buckets, double[] scalars, int times) {
        for (int time = 0; time < times; time++) {
            long last = 0;
            for (int i = 0; i < buckets.size(); i++) {
                last = collective.beginReduceScatter(buckets.get(i));
            }
            collective.finish(last);
            collective.allReduce(scalars);
            for (int i = 0; i < buckets.size(); i++) {
                last = collective.beginAllGather(buckets.get(i));
            }
            collective.finish(last);
        }
    }

    private static Matrix filled(int size, float value) {
        Matrix matrix = Matrix.allocate(1, size);
        for (int i = 0; i < size; i++) {
            matrix.set(0, i, value);
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
}
