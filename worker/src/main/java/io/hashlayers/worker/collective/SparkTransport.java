package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.protocol.OneWayMessage;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.apache.spark.network.server.AbstractAuthRpcHandler;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportChannelHandler;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.jspecify.annotations.Nullable;

/**
 * All that we use of Spark's network library (3.5), in one place: a server, connections, one-way messages, and Spark's own
 * authentication and encryption on both.
 */
final class SparkTransport implements AutoCloseable {
    /** Lengths and headers around a message of ours. */
    private static final int FRAME_AROUND_BYTES = 64;
    /** More than a handshake or the reason of an abort has. */
    private static final int LONGEST_OTHER_BYTES = 1 << 14;

    private final TransportContext context;
    private final TransportServer server;
    private final TransportClientFactory clients;

    /** Hears what arrives; called on threads of the transport, which must not be held up. */
    interface Receiver {
        /** A message; its bytes are valid until the call returns. An answer says why it is refused. */
        @Nullable
        String message(Object connection, ByteBuffer bytes);

        void closed(Object connection);
    }

    /** Starts to listen on a free port of the host. */
    SparkTransport(TransportSettings settings, Receiver receiver) {
        TransportSecurity security = TransportSecurity.of(settings.sparkConf());
        TransportConf conf =
                new TransportConf("hashlayers", new MapConfigProvider(security.strict(settings.sparkConf())));
        this.context = new LimitedContext(conf, mostFrameBytes(settings));
        PeerHandler peers = new PeerHandler(receiver);
        List<TransportServerBootstrap> serverSide = List.of((channel, nobody) -> peers);
        List<TransportClientBootstrap> clientSide = List.of();
        if (security.authenticated()) {
            SecretKeyHolder secret = requireSecret(settings.secret());
            AuthServerBootstrap authentication = new AuthServerBootstrap(conf, secret);
            serverSide = List.of((channel, nobody) ->
                    new GuardedHandler((AbstractAuthRpcHandler) authentication.doBootstrap(channel, peers)));
            clientSide = List.of(new AuthClientBootstrap(conf, settings.appId(), secret));
        }
        this.server = context.createServer(requireOneAddress(settings.host()), 0, serverSide);
        this.clients = context.createClientFactory(clientSide);
    }

    /** Connections on which more than we ever send is refused before it is decoded, in either direction. */
    private static final class LimitedContext extends TransportContext {
        private final long mostFrameBytes;

        LimitedContext(TransportConf conf, long mostFrameBytes) {
            super(conf, new PeerHandler(null)); // that of connections we make; the server's bootstrap has another
            this.mostFrameBytes = mostFrameBytes;
        }

        @Override
        public TransportChannelHandler initializePipeline(SocketChannel channel, RpcHandler handler) {
            TransportChannelHandler last = super.initializePipeline(channel, handler);
            limit(channel.pipeline(), mostFrameBytes);
            return last;
        }
    }

    /** Adds what refuses before and behind Spark's frame decoder; encryption is before both. */
    static void limit(ChannelPipeline pipeline, long mostFrameBytes) {
        pipeline.addBefore(TransportFrameDecoder.HANDLER_NAME, "frameLimit", new FrameLimit(mostFrameBytes));
        pipeline.addAfter(TransportFrameDecoder.HANDLER_NAME, "knownMessages", new KnownMessages());
    }

    private static long mostFrameBytes(TransportSettings settings) {
        return FRAME_AROUND_BYTES + (long) Math.max(LONGEST_OTHER_BYTES, settings.maxMessageBytes());
    }

    private static String requireOneAddress(String host) {
        InetAddress address = new InetSocketAddress(host, 0).getAddress();
        if (address != null && address.isAnyLocalAddress()) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "this executor's host is " + host
                            + ", which is every address of the machine; give it one of its own (SPARK_LOCAL_IP)");
        }
        return host;
    }

    private static SecretKeyHolder requireSecret(@Nullable SecretKeyHolder secret) {
        if (secret == null) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "spark.authenticate is true but this executor has no secret; set spark.authenticate.secret");
        }
        return secret;
    }

    int port() {
        return server.getPort();
    }

    /** Connects, and authenticates where that is asked for; bounded by Spark's connection time-out. */
    Connection connect(String host, int port) throws IOException, InterruptedException {
        return new Connection(clients.createClient(host, port));
    }

    /** The way to one other endpoint. Thread-safe. */
    static final class Connection {
        private final TransportClient client;

        private Connection(TransportClient client) {
            this.client = client;
        }

        /** Sends in order; the bytes must not change until they have arrived. */
        void send(ByteBuffer message) {
            client.send(message);
        }

        /** Sends and waits until the bytes have left, at most so long. */
        void flush(ByteBuffer message, Duration atMost) throws InterruptedException {
            client.getChannel()
                    .writeAndFlush(new OneWayMessage(new NioManagedBuffer(message)))
                    .await(atMost.toMillis());
        }

        /** Runs {@code action} once the connection is closed, by whomever. */
        void whenClosed(Runnable action) {
            var unused = client.getChannel().closeFuture().addListener(future -> action.run());
        }
    }

    @Override
    public void close() {
        clients.close();
        server.close();
        context.close();
    }
}
