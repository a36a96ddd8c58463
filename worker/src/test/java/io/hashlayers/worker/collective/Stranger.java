package io.hashlayers.worker.collective;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;

/** Speaks to an endpoint over a socket of its own, whatever it likes. */
final class Stranger implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 20_000;
    private static final byte ONE_WAY = 9;
    private static final byte REQUEST = 3;

    private final Socket socket;

    Stranger(Endpoint endpoint) throws IOException {
        socket = new Socket(
                InetAddress.getLoopbackAddress(),
                EndpointAddress.parse(endpoint.address()).port());
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    /** Of Spark's protocol, around a message of ours. */
    static byte[] oneWay(byte[] body) {
        return ByteBuffer.allocate(13 + body.length)
                .putLong(13 + body.length)
                .put(ONE_WAY)
                .putInt(body.length)
                .put(body)
                .array();
    }

    static byte[] request(byte[] body) {
        return ByteBuffer.allocate(21 + body.length)
                .putLong(21 + body.length)
                .put(REQUEST)
                .putLong(1)
                .putInt(body.length)
                .put(body)
                .array();
    }

    /** Sends bytes; the other side may close in the midst of it. */
    void send(byte[] bytes) throws IOException {
        try {
            socket.getOutputStream().write(bytes);
        } catch (SocketException e) {
            // closed: as it should be
        }
    }

    /** Waits until the other side closes; fails after {@link #PATIENCE_MILLIS}. Returns how many bytes it sent before. */
    int awaitClosed() throws IOException {
        InputStream in = socket.getInputStream();
        int bytes = 0;
        try {
            while (in.read() >= 0) {
                bytes++;
            }
        } catch (SocketException e) {
            // reset: it closed with bytes of ours unread
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
