package io.hashlayers.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** The sequences of one process, and how their tokens find their experts; known before the step, as for a hash. */
final class PeerBatch {
    final Tensor tokens; // [B, S]
    final Tensor targets; // [B S]
    final Tensor order; // rows sorted by expert, [B S]
    final Tensor places; // where each row is in that order, [B S]
    final long[] counts; // rows of each expert

    PeerBatch(long[] tokens, long[] targets, long[] table, int contextLength, int numExperts) {
        this.tokens = Tensor.create(tokens, tokens.length / contextLength, contextLength);
        this.targets = Tensor.create(targets);
        this.counts = new long[numExperts];
        for (long id : tokens) {
            counts[(int) table[(int) id]]++;
        }
        int[] next = new int[numExperts];
        for (int expert = 1; expert < numExperts; expert++) {
            next[expert] = next[expert - 1] + (int) counts[expert - 1];
        }
        long[] sorted = new long[tokens.length];
        long[] place = new long[tokens.length];
        for (int row = 0; row < tokens.length; row++) {
            int to = next[(int) table[(int) tokens[row]]]++;
            sorted[to] = row;
            place[row] = to;
        }
        this.order = Tensor.create(sorted);
        this.places = Tensor.create(place);
    }

    /**
     * Reads this process's share of a folder's batch. {@code tokens.bin} and {@code targets.bin} are int32,
     * little-endian, [sequences, contextLength]; {@code table.bin} is the expert of each token id, [V].
     */
    static PeerBatch read(PeerArguments arguments, int contextLength, int numExperts) throws IOException {
        Path dir = arguments.dir();
        return new PeerBatch(
                share(dir.resolve("tokens.bin"), arguments, contextLength),
                share(dir.resolve("targets.bin"), arguments, contextLength),
                ints(dir.resolve("table.bin")),
                contextLength,
                numExperts);
    }

    private static long[] share(Path file, PeerArguments arguments, int contextLength) throws IOException {
        long[] values = ints(file);
        if (values.length % (contextLength * arguments.processes()) != 0) {
            throw new IllegalArgumentException("%s: %d values are no whole sequences of %d for each of %d processes"
                    .formatted(file, values.length, contextLength, arguments.processes()));
        }
        int share = values.length / arguments.processes();
        return Arrays.copyOfRange(values, arguments.rank() * share, (arguments.rank() + 1) * share);
    }

    private static long[] ints(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        long[] values = new long[bytes.remaining() / Integer.BYTES];
        for (int i = 0; i < values.length; i++) {
            values[i] = bytes.getInt();
        }
        return values;
    }
}
