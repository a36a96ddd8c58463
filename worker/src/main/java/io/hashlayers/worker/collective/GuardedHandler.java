package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.AbstractAuthRpcHandler;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;

/**
 * Stands before Spark's authentication on one connection. That answers a peer that does not authenticate itself with an exception in
 * the log for each message and leaves the connection open; this one ends it.
 */
final class GuardedHandler extends RpcHandler {
    private static final String ANOTHER_SECRET =
            "its authentication failed, so it has another secret or another protocol";

    private final AbstractAuthRpcHandler authentication;

    GuardedHandler(AbstractAuthRpcHandler authentication) {
        this.authentication = authentication;
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        if (authentication.isAuthenticated()) {
            authentication.receive(client, message);
        } else {
            Refusal.of(
                    client.getChannel(),
                    "it sent data in plain text and without authentication, where spark.authenticate is true");
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        if (!authentication.isAuthenticated() && !Handshake.isFormOf(message)) {
            Refusal.of(client.getChannel(), "it sent something else than a request for authentication");
            return;
        }
        try {
            authentication.receive(client, message, new Told(client, callback));
        } catch (RuntimeException e) { // SASL throws where AES answers
            Refusal.of(client.getChannel(), ANOTHER_SECRET);
        }
    }

    /** Hears of a failed authentication, which Spark tells the peer alone. */
    private record Told(TransportClient client, RpcResponseCallback callback) implements RpcResponseCallback {
        @Override
        public void onSuccess(ByteBuffer response) {
            callback.onSuccess(response);
        }

        @Override
        public void onFailure(Throwable cause) {
            Refusal.tell(client.getChannel(), ANOTHER_SECRET);
            callback.onFailure(cause);
            client.close();
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return authentication.getStreamManager();
    }

    @Override
    public void channelActive(TransportClient client) {
        authentication.channelActive(client);
    }

    @Override
    public void channelInactive(TransportClient client) {
        authentication.channelInactive(client);
    }

    @Override
    public void exceptionCaught(Throwable cause, TransportClient client) {
        authentication.exceptionCaught(cause, client);
    }
}
