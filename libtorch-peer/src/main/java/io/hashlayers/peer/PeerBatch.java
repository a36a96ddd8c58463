package io.hashlayers.peer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;

/**
 * The batch of a folder, and how its tokens find their experts; known before the step, as for a hash.
 *
 * <p>{@code tokens.bin} and {@code targets.bin} are int32, little-endian, [B, S]; {@code table.bin} is the expert of each token id, [V].
 */
final class PeerBatch {
    final Tensor tokens; // [B, S]
    final Tensor targets; // [B S]
    final Tensor order; // rows sorted by expert, [B S]
    final Tensor places; // where each row is in that order, [B S]
    final long[] counts; // rows of each expert

    PeerBatch(Path dir, int contextLength, int numExperts) throws IOException {
        long[] ids = ints(dir.resolve("tokens.bin"));
        long[] table = ints(dir.resolve("table.bin"));
        tokens = Tensor.create(ids, ids.length / contextLength, contextLength);
        targets = Tensor.create(ints(dir.resolve("targets.bin")));
        counts = new long[numExperts];
        for (long id : ids) {
            counts[(int) table[(int) id]]++;
        }
        int[] next = new int[numExperts];
        for (int expert = 1; expert < numExperts; expert++) {
            next[expert] = next[expert - 1] + (int) counts[expert - 1];
        }
        long[] sorted = new long[ids.length];
        long[] place = new long[ids.length];
        for (int row = 0; row < ids.length; row++) {
            int to = next[(int) table[(int) ids[row]]]++;
            sorted[to] = row;
            place[row] = to;
        }
        order = Tensor.create(sorted);
        places = Tensor.create(place);
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
