package io.hashlayers.worker.collective;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportResponseHandler;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.protocol.Message;
import org.apache.spark.network.protocol.MessageDecoder;
import org.apache.spark.network.protocol.OneWayMessage;
import org.apache.spark.network.protocol.RpcRequest;
import org.apache.spark.network.server.AbstractAuthRpcHandler;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.NettyUtils;
import org.apache.spark.network.util.TransportConf;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Bytes from a stranger who even knows the token, through all that takes them but the socket: nothing is thrown, no memory is taken
 * for what is only announced, and a true rank is heard before and after.
 */
class TransportFuzzTest {
    private static final long TOKEN = 0x1234567890abcdefL;
    private static final long MOST_FRAME_BYTES = 4096;
    private static final long MEMORY_OF_A_MESSAGE = 1L << 26;
    private static final Object TRUE_RANK = new Object();

    private static final byte PLAIN = 0;
    private static final byte AES = 1;
    private static final byte SASL = 2;

    private final LogLines log = new LogLines(); // so that they are not printed, a line for each input
    private long refused;

    @AfterEach
    void close() {
        log.close();
    }

    @Test
    void strangersAreRefusedAndNothingElseHappens() {
        try (Fuzz fuzz = new Fuzz("transport", "", this::read, Fuzz.FREE_BYTES + 2 * MEMORY_OF_A_MESSAGE)) {
            fuzz.run(
                    List.of(
                            stream(PLAIN, data(5, 1, 16, 8), data(5, 1, 16, 8)),
                            stream(PLAIN, data(5, 1, 8, 8), data(5, 2, 8, 8), data(6, 1, 8, 8)),
                            stream(PLAIN, data(1, 2, 8, 8)),
                            stream(PLAIN, frame(Frame.ABORT, 7, 0, 4, 4), frame(Frame.BYE, 7, 0, 0, 0)),
                            stream(PLAIN, frame(Frame.SHARED, 5, 1, 100_000, 8)),
                            stream(PLAIN, Stranger.request(new byte[20])),
                            stream(AES, Stranger.request(handshake((byte) 0xFB))),
                            stream(AES, data(1, 2, 8, 8), Stranger.request(handshake((byte) 0xFB))),
                            stream(SASL, Stranger.request(handshake((byte) 0xEA)))),
                    UnaryOperator.identity(),
                    5000);
        }
        System.err.printf("fuzz transport: of these, %d connections refused%n", refused);
    }

    private void read(byte[] input) {
        log.clear();
        Inbox inbox = new Inbox(TOKEN);
        hearTrueRank(inbox, 1);
        EmbeddedChannel channel = new EmbeddedChannel();
        RpcHandler handler = handler(channel, input.length == 0 ? PLAIN : input[0] % 3, inbox);
        TransportClient client = new TransportClient(channel, new TransportResponseHandler(channel));
        channel.pipeline()
                .addLast(TransportFrameDecoder.HANDLER_NAME, NettyUtils.createFrameDecoder())
                .addLast("decoder", MessageDecoder.INSTANCE)
                .addLast(new Dispatcher(client, handler));
        SparkTransport.limit(channel.pipeline(), MOST_FRAME_BYTES);
        try {
            int half = input.length / 2; // as TCP may cut it
            write(channel, input, 1, half);
            write(channel, input, Math.max(1, half), input.length);
            channel.checkException();
        } finally {
            inbox.closed(channel);
            channel.finishAndReleaseAll();
        }
        refused += log.lines().size();
        hearTrueRank(inbox, 2);
        if (inbox.from(1, 0).lostFor(0) || log.lines().size() > 1) {
            throw new IllegalStateException("the true rank was disturbed, or more than one line told: " + log.lines());
        }
    }

    private static void write(EmbeddedChannel channel, byte[] input, int from, int to) {
        if (from < to && channel.isActive()) {
            channel.writeInbound(Unpooled.copiedBuffer(input, from, to - from));
        }
    }

    /** Rank 1 sends rank 0 its next message. */
    private static void hearTrueRank(Inbox inbox, long sequence) {
        byte[] frame = header(Frame.DATA, 1, 0, sequence, 8, new byte[8]);
        String refused = inbox.message(TRUE_RANK, ByteBuffer.wrap(frame));
        if (refused != null || !inbox.from(1, 0).arrived(sequence)) {
            throw new IllegalStateException("the true rank was not heard: " + refused);
        }
        inbox.from(1, 0).take(sequence);
    }

    private static RpcHandler handler(EmbeddedChannel channel, int guard, Inbox inbox) {
        PeerHandler peers = new PeerHandler(inbox);
        if (guard == PLAIN) {
            return peers;
        }
        Map<String, String> spark =
                Map.of("spark.authenticate", "true", "spark.network.crypto.enabled", Boolean.toString(guard == AES));
        TransportConf conf = new TransportConf(
                "fuzz", new MapConfigProvider(TransportSecurity.of(spark).strict(spark)));
        return new GuardedHandler((AbstractAuthRpcHandler)
                new AuthServerBootstrap(conf, StrangersTest.secret("right")).doBootstrap(channel, peers));
    }

    /** What Spark's own last handler does with messages. */
    private static final class Dispatcher extends SimpleChannelInboundHandler<Message> {
        private final TransportClient client;
        private final RpcHandler handler;

        Dispatcher(TransportClient client, RpcHandler handler) {
            this.client = client;
            this.handler = handler;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, Message message) throws Exception {
            if (message instanceof OneWayMessage data) {
                handler.receive(client, data.body().nioByteBuffer());
                data.body().release();
            } else if (message instanceof RpcRequest request) {
                handler.receive(client, request.body().nioByteBuffer(), new Unheard());
                request.body().release();
            }
        }
    }

    private static final class Unheard implements RpcResponseCallback {
        @Override
        public void onSuccess(ByteBuffer response) {}

        @Override
        public void onFailure(Throwable cause) {}
    }

    private static byte[] data(int source, long sequence, int total, int payload) {
        return Stranger.oneWay(header(Frame.DATA, source, 0, sequence, total, new byte[payload]));
    }

    private static byte[] frame(byte kind, int source, long sequence, int total, int payload) {
        return Stranger.oneWay(header(kind, source, 9, sequence, total, new byte[payload]));
    }

    private static byte[] header(byte kind, int source, int destination, long sequence, int total, byte[] payload) {
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length);
        new Frame(kind, TOKEN, source, destination, Kind.ALL_TO_ALL, (int) sequence % 2, sequence, 0, total)
                .write(frame);
        return frame.put(payload).array();
    }

    private static byte[] handshake(byte tag) {
        byte[] application = "sparkSaslUser".getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(100)
                .put(tag)
                .putInt(application.length)
                .put(application)
                .putInt(16)
                .put(new byte[16])
                .putInt(58)
                .array();
    }

    private static byte[] stream(byte guard, byte[]... parts) {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.write(guard);
        for (byte[] part : parts) {
            stream.writeBytes(part);
        }
        return stream.toByteArray();
    }
}
