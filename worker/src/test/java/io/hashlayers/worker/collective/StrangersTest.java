package io.hashlayers.worker.collective;

import static io.hashlayers.worker.collective.ConnectedRanks.SOCKETS_ONLY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whoever is no rank of the run is refused with one line, and the ranks go on with the right sums. */
class StrangersTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final String NOT_AUTHENTICATED = "another secret or another protocol";

    private final ConnectedRanks ranks = new ConnectedRanks();
    private final LogLines log = new LogLines();

    /** What guards the endpoints. */
    private enum Guard {
        PLAIN,
        AUTHENTICATED,
        AES,
        SASL;

        Map<String, String> conf() {
            return switch (this) {
                case PLAIN -> Map.of();
                case AUTHENTICATED -> Map.of("spark.authenticate", "true");
                case AES -> Map.of("spark.authenticate", "true", "spark.network.crypto.enabled", "true");
                case SASL -> Map.of("spark.authenticate", "true", "spark.authenticate.enableSaslEncryption", "true");
            };
        }
    }

    @AfterEach
    void close() {
        ranks.close();
        log.close();
    }

    private List<Collective> join(Guard guard) {
        return ranks.join(2, 1, TIMEOUT, guard.conf(), secret("right"), SOCKETS_ONLY);
    }

    private void requireRightSums(List<Collective> collectives) throws Exception {
        RankThreads.runAll(collectives, collective -> {
            double[] values = {1 + collective.rank(), 10.5};
            collective.allReduce(values);
            assertThat(values).containsExactly(3, 21);
        });
    }

    private void requireRefused(String why) {
        assertThat(log.lines()).hasSize(1);
        assertThat(log.lines().get(0))
                .startsWith("refused /127.0.0.1:")
                .contains(why)
                .endsWith("; its connection is closed");
    }

    /** Sends bytes to rank 0 between two sums, and waits until that closes the connection. */
    private void intrude(Guard guard, Bytes bytes, String why) throws Exception {
        List<Collective> collectives = join(guard);
        requireRightSums(collectives);
        try (Stranger stranger = new Stranger(ranks.endpoints().get(0))) {
            stranger.send(bytes.to(ranks.endpoints().get(0)));
            stranger.awaitClosed();
        }
        requireRightSums(collectives);
        requireRefused(why);
    }

    private interface Bytes {
        byte[] to(Endpoint endpoint);
    }

    @ParameterizedTest
    @EnumSource
    void ranksOfOneSecretAddUp(Guard guard) throws Exception {
        List<Collective> collectives = join(guard);

        for (int i = 0; i < 3; i++) {
            requireRightSums(collectives);
        }
        assertThat(log.lines()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void aFrameInPlainTextIsRefusedEvenWithTheToken(Guard guard) throws Exception {
        intrude(guard, endpoint -> Stranger.oneWay(frame(endpoint, Frame.ABORT, 1, 1)), "in plain text");
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void whatIsNoHandshakeIsRefused(Guard guard) throws Exception {
        intrude(guard, endpoint -> Stranger.request(new byte[] {1, 2, 3}), "something else than a request");
    }

    @Test
    void aHandshakeThatTellsOfMoreThanThereIsIsRefused() throws Exception {
        byte[] huge = ByteBuffer.allocate(13)
                .put((byte) 0xFB)
                .putInt(0)
                .putInt(0)
                .putInt(Integer.MAX_VALUE - 8)
                .array();
        intrude(Guard.AES, endpoint -> Stranger.request(huge), "something else than a request");
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void anotherSecretIsRefused(Guard guard) throws Exception {
        List<Collective> collectives = join(guard);
        Endpoint stranger = open(guard.conf(), secret("wrong"));

        requireRightSums(collectives);
        assertThatThrownBy(() -> joinWith(stranger))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("cannot reach rank 1");
        requireRightSums(collectives);
        assertThat(log.lines().stream().filter(line -> line.startsWith("refused")))
                .hasSize(1)
                .allSatisfy(line -> assertThat(line).contains(NOT_AUTHENTICATED));
    }

    /** With Spark's own default, AES would fall back to what the weaker side speaks. */
    @Test
    void aPeerWithTheSecretButWithoutEncryptionIsRefused() throws Exception {
        List<Collective> collectives = join(Guard.AES);
        Endpoint weaker = open(Guard.AUTHENTICATED.conf(), secret("right"));

        assertThatThrownBy(() -> joinWith(weaker)).hasMessageContaining("cannot reach rank 1");
        requireRightSums(collectives);
        assertThat(log.lines().stream().filter(line -> line.startsWith("refused")))
                .hasSize(1)
                .allSatisfy(line -> assertThat(line).contains(NOT_AUTHENTICATED));
    }

    @Test
    void aPeerWithSaslButWithoutItsEncryptionIsRefused() throws Exception {
        List<Collective> collectives = join(Guard.SASL);
        Endpoint weaker = open(Guard.AUTHENTICATED.conf(), secret("right"));

        assertThatThrownBy(() -> joinWith(weaker)).hasMessageContaining("cannot reach rank 1");
        requireRightSums(collectives);
    }

    private Endpoint open(Map<String, String> conf, SecretKeyHolder secret) {
        return ranks.open(new TransportSettings("127.0.0.1", conf, secret, "app", MAX_MESSAGE_BYTES, SOCKETS_ONLY));
    }

    private void joinWith(Endpoint stranger) {
        stranger.join(0, List.of(stranger.address(), ranks.endpoints().get(0).address()), TIMEOUT);
    }

    @ParameterizedTest
    @EnumSource
    void anOversizedFrameIsRefusedWhenItIsAnnounced(Guard guard) throws Exception {
        for (long length : new long[] {1L << 31, Long.MAX_VALUE, -1, 1 << 20, 0}) {
            log.clear();
            try (ConnectedRanks mine = new ConnectedRanks()) {
                List<Collective> collectives = mine.join(2, 1, TIMEOUT, guard.conf(), secret("right"), SOCKETS_ONLY);
                try (Stranger stranger = new Stranger(mine.endpoints().get(0))) {
                    stranger.send(ByteBuffer.allocate(8).putLong(length).array());
                    stranger.awaitClosed();
                }
                requireRightSums(collectives);
                assertThat(log.lines())
                        .singleElement()
                        .asString()
                        .contains("announced a frame of " + Long.toUnsignedString(length) + " bytes");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void garbageIsRefused(Guard guard) throws Exception {
        byte[] garbage = new byte[10_000];
        new SplittableRandom(7).nextBytes(garbage);

        intrude(guard, endpoint -> garbage, "announced a frame");
    }

    @ParameterizedTest
    @EnumSource
    void otherMessagesOfSparksProtocolAreRefused(Guard guard) throws Exception {
        byte[] stream = ByteBuffer.allocate(13)
                .putLong(13)
                .put((byte) 6) // StreamRequest, with a name of 2 GiB
                .putInt(Integer.MAX_VALUE - 8)
                .array();

        intrude(guard, endpoint -> stream, "a kind that is not used here");
    }

    @Test
    void aRequestForAnAnswerIsRefused() throws Exception {
        intrude(Guard.PLAIN, endpoint -> Stranger.request(new byte[5]), "ranks do not answer");
    }

    @Test
    void anotherTokenIsRefused() throws Exception {
        intrude(
                Guard.PLAIN,
                endpoint -> {
                    byte[] frame = frame(endpoint, Frame.DATA, 1, 2);
                    frame[7] ^= 1; // within the token
                    return Stranger.oneWay(frame);
                },
                "not of this run");
    }

    @Test
    void aReplayedFrameIsRefused() throws Exception {
        for (byte kind : new byte[] {Frame.DATA, Frame.SHARED, Frame.BYE, Frame.ABORT}) {
            for (long sequence : new long[] {1, 2, 3}) {
                log.clear();
                try (ConnectedRanks mine = new ConnectedRanks()) {
                    List<Collective> collectives = mine.join(2, 1, TIMEOUT, Map.of(), null, SOCKETS_ONLY);
                    requireRightSums(collectives);
                    try (Stranger stranger = new Stranger(mine.endpoints().get(0))) {
                        byte[] frame = frame(mine.endpoints().get(0), kind, 1, sequence);
                        stranger.send(Stranger.oneWay(frame));
                        stranger.send(Stranger.oneWay(frame));
                        stranger.awaitClosed();
                    }
                    requireRightSums(collectives);
                    assertThat(log.lines())
                            .singleElement()
                            .asString()
                            .contains("it speaks for rank 1, which has another connection");
                }
            }
        }
    }

    @Test
    void framesOutOfTurnAreRefusedAndOfNoMoreThanOneLine() throws Exception {
        List<Collective> collectives = join(Guard.PLAIN);
        Endpoint endpoint = ranks.endpoints().get(0);

        requireRightSums(collectives);
        try (Stranger stranger = new Stranger(endpoint)) {
            byte[] once = Stranger.oneWay(frame(endpoint, Frame.DATA, 7, 5)); // of a rank that there is not
            byte[] often = new byte[20 * once.length];
            for (int i = 0; i < 20; i++) {
                System.arraycopy(once, 0, often, i * once.length, once.length);
            }
            stranger.send(often);
            stranger.awaitClosed();
        }
        requireRightSums(collectives);
        requireRefused("rank 7 sent operation 5 out of turn");
    }

    @Test
    void aMessageThatTellsOfGigabytesTakesNoMoreMemoryThanOneOfOurs() {
        IncomingMessages messages = new IncomingMessages();
        long before = direct();

        assertThat(messages.add(
                        new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_GATHER, 0, 1, 0, Integer.MAX_VALUE),
                        ByteBuffer.allocate(100)))
                .isTrue();
        assertThat(direct() - before).isLessThanOrEqualTo(1 << 26);
    }

    @Test
    void aLargeMessageArrivesWholeThoughItsMemoryGrows() {
        IncomingMessages messages = new IncomingMessages();
        int total = (1 << 26) + 12_345;
        int part = 1 << 24;
        for (int offset = 0; offset < total; offset += part) {
            byte[] payload = new byte[Math.min(part, total - offset)];
            Arrays.fill(payload, (byte) (1 + offset / part));
            assertThat(messages.add(
                            new Frame(Frame.DATA, 1, 0, 1, Kind.ALL_TO_ALL, 0, 1, offset, total),
                            ByteBuffer.wrap(payload)))
                    .isTrue();
        }

        Operation operation = new Operation(1, 2, TIMEOUT);
        operation.begin(Kind.ALL_TO_ALL, 1, 0);
        ByteBuffer arrived = messages.message(operation, "rank 0", total).memory();
        for (int offset = 0; offset < total; offset += 4099) {
            assertThat(arrived.get(offset)).isEqualTo((byte) (1 + offset / part));
        }
    }

    @Test
    void onlyTheAddressOfTheHostIsBound() throws IOException {
        try (Endpoint endpoint =
                new Endpoint(new TransportSettings("127.0.0.2", Map.of(), null, "app", 1000, SOCKETS_ONLY))) {
            int port = EndpointAddress.parse(endpoint.address()).port();
            try (Socket there = new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), port)) {
                assertThat(there.isConnected()).isTrue();
            }
            assertThatThrownBy(() -> new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port).close())
                    .isInstanceOf(ConnectException.class);
        }
        assertThatThrownBy(
                        () -> new Endpoint(new TransportSettings("0.0.0.0", Map.of(), null, "app", 1000, SOCKETS_ONLY)))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("every address")
                .hasMessageContaining("SPARK_LOCAL_IP");
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getTotalCapacity)
                .sum();
    }

    /** As rank {@code source} would send it to rank 0. */
    private static byte[] frame(Endpoint to, byte kind, int source, long sequence) {
        byte[] payload =
                kind == Frame.ABORT ? "lies".getBytes(StandardCharsets.UTF_8) : new byte[kind == Frame.BYE ? 0 : 8];
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length);
        new Frame(
                        kind,
                        EndpointAddress.parse(to.address()).token(),
                        source,
                        0,
                        Kind.SCALARS,
                        0,
                        sequence,
                        0,
                        payload.length)
                .write(frame);
        return frame.put(payload).array();
    }

    static SecretKeyHolder secret(String key) {
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
}
