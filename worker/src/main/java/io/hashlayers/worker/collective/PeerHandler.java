package io.hashlayers.worker.collective;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.jspecify.annotations.Nullable;

/** Takes the one-way messages of peers that connected to us, and nothing else of anyone. */
final class PeerHandler extends RpcHandler {
    private final SparkTransport.@Nullable Receiver receiver;
    private final StreamManager noStreams = new OneForOneStreamManager();

    /**
     * @param receiver of the messages; none on connections that we made, on which nobody has to send us any
     */
    PeerHandler(SparkTransport.@Nullable Receiver receiver) {
        this.receiver = receiver;
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        if (!client.getChannel().isActive()) {
            return; // what else came with a message that was refused
        }
        String refused = receiver == null
                ? "it sent data on a connection that is for ours"
                : receiver.message(client.getChannel(), message);
        if (refused != null) {
            Refusal.of(client.getChannel(), refused);
        }
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        Refusal.of(client.getChannel(), "it asked for an answer, but ranks do not answer");
    }

    @Override
    public StreamManager getStreamManager() {
        return noStreams;
    }

    @Override
    public void channelInactive(TransportClient client) {
        if (receiver != null) {
            receiver.closed(client.getChannel());
        }
    }

    @Override
    public void exceptionCaught(Throwable cause, TransportClient client) {
        if (cause instanceof IOException) {
            client.close(); // the peer went away, which is told where its rank is missed
        } else {
            Refusal.of(client.getChannel(), "what it sent cannot be read: " + cause);
        }
    }
}
