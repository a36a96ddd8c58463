package io.hashlayers.worker.collective;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.protocol.OneWayMessage;
import org.apache.spark.network.sasl.SecretKeyHolder;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.jspecify.annotations.Nullable;

/**
 * All that we use of Spark's network library (3.5), in one place: a server, connections, one-way messages, and Spark's own
 * authentication and encryption on both.
 */
final class SparkTransport implements AutoCloseable {
    private final TransportContext context;
    private final TransportServer server;
    private final TransportClientFactory clients;

    /** Hears what arrives; called on threads of the transport, which must not be held up. */
    interface Receiver {
        /** A message; its bytes are valid until the call returns. An answer of false closes the connection. */
        boolean message(Object connection, ByteBuffer bytes);

        void closed(Object connection);
    }

    /** Starts to listen on a free port of the host. */
    SparkTransport(TransportSettings settings, Receiver receiver) {
        TransportConf conf = new TransportConf("hashlayers", new MapConfigProvider(settings.sparkConf()));
        this.context = new TransportContext(conf, new Handler(receiver));
        List<TransportServerBootstrap> serverSide = List.of();
        List<TransportClientBootstrap> clientSide = List.of();
        if (settings.authenticate()) {
            SecretKeyHolder secret = requireSecret(settings.secret());
            serverSide = List.of(new AuthServerBootstrap(conf, secret));
            clientSide = List.of(new AuthClientBootstrap(conf, settings.appId(), secret));
        }
        this.server = context.createServer(settings.host(), 0, serverSide);
        this.clients = context.createClientFactory(clientSide);
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

    private static final class Handler extends RpcHandler {
        private final Receiver receiver;
        private final StreamManager noStreams = new OneForOneStreamManager();

        Handler(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void receive(TransportClient client, ByteBuffer message) {
            if (!receiver.message(client.getChannel(), message)) {
                client.close();
            }
        }

        @Override
        public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
            callback.onFailure(new UnsupportedOperationException("only one-way messages are taken"));
            client.close();
        }

        @Override
        public StreamManager getStreamManager() {
            return noStreams;
        }

        @Override
        public void channelInactive(TransportClient client) {
            receiver.closed(client.getChannel());
        }

        @Override
        public void exceptionCaught(Throwable cause, TransportClient client) {
            client.close();
        }
    }

    @Override
    public void close() {
        clients.close();
        server.close();
        context.close();
    }
}
