package io.hashlayers.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerBatchTest {
    private static final long[] TABLE = {2, 0, 2, 0, 3}; // nobody goes to expert 1

    @TempDir
    private Path dir;

    @Test
    void rowsAreSortedByExpertAndKeepTheirOrder() {
        long[] tokens = {0, 1, 4, 3, 2, 1}; // experts 2 0 3 0 2 0

        PeerBatch batch = new PeerBatch(tokens, tokens, TABLE, 3, 4);

        assertThat(batch.counts).containsExactly(3, 0, 2, 1);
        assertThat(Tensors.longs(batch.order)).containsExactly(1, 3, 5, 0, 4, 2);
        assertThat(Tensors.longs(batch.places)).containsExactly(3, 0, 5, 1, 4, 2);
        assertThat(batch.tokens.shape()).containsExactly(2, 3);
    }

    @Test
    void placesUndoTheOrder() {
        SplittableRandom random = new SplittableRandom(1);
        for (int rows = 1; rows < 50; rows++) {
            long[] tokens = random.longs(rows, 0, TABLE.length).toArray();

            PeerBatch batch = new PeerBatch(tokens, tokens, TABLE, 1, 4);

            long[] order = Tensors.longs(batch.order);
            long[] places = Tensors.longs(batch.places);
            assertThat(LongStream.of(places).map(place -> order[(int) place]))
                    .as("%d rows", rows)
                    .containsExactly(LongStream.range(0, rows).boxed().toArray(Long[]::new));
            assertThat(LongStream.of(order).map(row -> TABLE[(int) tokens[(int) row]]))
                    .isSorted();
        }
    }

    @Test
    void processesShareTheSequencesInOrder() throws IOException {
        write("tokens.bin", 0, 1, 2, 3, 4, 0, 1, 2);
        write("targets.bin", 1, 2, 3, 4, 0, 1, 2, 3);
        write("table.bin", 2, 0, 2, 0, 3);

        PeerBatch second = PeerBatch.read(arguments(1, 2), 2, 4);
        PeerBatch alone = PeerBatch.read(arguments(0, 1), 2, 4);

        assertThat(second.tokens.shape()).containsExactly(2, 2);
        assertThat(Tensors.longs(second.tokens)).containsExactly(4, 0, 1, 2);
        assertThat(Tensors.longs(second.targets)).containsExactly(0, 1, 2, 3);
        assertThat(second.counts).containsExactly(1, 0, 2, 1);
        assertThat(Tensors.longs(alone.tokens)).containsExactly(0, 1, 2, 3, 4, 0, 1, 2);
    }

    @Test
    void sequencesThatCannotBeSharedAreRefused() throws IOException {
        write("tokens.bin", 0, 1, 2, 3, 4, 0);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> PeerBatch.read(arguments(0, 2), 2, 4))
                .withMessageEndingWith("6 values are no whole sequences of 2 for each of 2 processes");
    }

    private PeerArguments arguments(int rank, int processes) {
        return new PeerArguments(dir, 1, rank, processes, dir.resolve("meeting"));
    }

    private void write(String name, int... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(values);
        Files.write(dir.resolve(name), bytes.array());
    }
}
