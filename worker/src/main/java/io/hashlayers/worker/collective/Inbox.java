package io.hashlayers.worker.collective;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What ranks elsewhere send to the ranks here, sorted by who sends it to whom.
 *
 * <p>A rank is heard on the first connection that spoke for it and on no other, so whoever repeats its messages is refused and
 * disturbs nobody. Thread-safe.
 */
final class Inbox implements SparkTransport.Receiver {
    /** Of ranks elsewhere and ranks here; bounds the memory for those who claim to be ranks. */
    private static final int MOST_PAIRS = 1 << 16;

    private final long token;
    private final Map<Integer, FirstFailure> failures = new ConcurrentHashMap<>();
    private final Map<Pair, IncomingMessages> incoming = new ConcurrentHashMap<>();
    private final Map<Object, Set<Pair>> sendersOf = new ConcurrentHashMap<>(); // by connection

    private record Pair(int source, int destination) {}

    /**
     * @param token that all messages must carry
     */
    Inbox(long token) {
        this.token = token;
    }

    long token() {
        return token;
    }

    /** What ends a rank here. */
    FirstFailure failureOf(int rank) {
        return failures.computeIfAbsent(rank, r -> new FirstFailure());
    }

    /** Messages of one rank elsewhere to one here. */
    IncomingMessages from(int source, int destination) {
        return messages(new Pair(source, destination));
    }

    private IncomingMessages messages(Pair pair) {
        return incoming.computeIfAbsent(pair, p -> new IncomingMessages());
    }

    @Override
    public @Nullable String message(Object connection, ByteBuffer bytes) {
        Frame frame = Frame.read(bytes);
        if (frame == null || frame.token() != token) {
            return "it sent a message that is not of this run";
        }
        Pair pair = new Pair(frame.source(), frame.destination());
        if (incoming.size() >= MOST_PAIRS && !incoming.containsKey(pair)) {
            return "it speaks for more ranks than there can be";
        }
        IncomingMessages messages = messages(pair);
        if (!messages.comesBy(connection)) {
            return "it speaks for rank %d, which has another connection".formatted(pair.source());
        }
        sendersOf
                .computeIfAbsent(connection, c -> ConcurrentHashMap.newKeySet())
                .add(pair);
        return taken(frame, bytes, messages)
                ? null
                : "rank %d sent operation %d out of turn".formatted(pair.source(), frame.sequence());
    }

    private boolean taken(Frame frame, ByteBuffer bytes, IncomingMessages messages) {
        switch (frame.kind()) {
            case Frame.BYE -> messages.finish();
            case Frame.ABORT -> {
                failureOf(frame.destination())
                        .record(StandardCharsets.UTF_8.decode(bytes).toString());
                messages.wake();
            }
            case Frame.SHARED -> {
                return messages.addShared(frame, bytes);
            }
            default -> {
                return messages.add(frame, bytes);
            }
        }
        return true;
    }

    @Override
    public void closed(Object connection) {
        Set<Pair> senders = sendersOf.remove(connection);
        if (senders != null) {
            senders.forEach(pair -> messages(pair).lost());
        }
    }
}
