package io.hashlayers.worker.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {
    private static Path file(SharedMemory memory) {
        return Path.of("/dev/shm/hashlayers-" + Long.toHexString(memory.id()));
    }

    @Test
    void whoTakesItSeesWhatIsWrittenAndLeavesNoFile() throws IOException {
        SharedMemory made = SharedMemory.create(100_000);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file(made))))
                .isEqualTo("rw-------");

        SharedMemory taken = SharedMemory.take(made.id());
        made.memory().putLong(99_992, 77);

        assertThat(taken.memory().capacity()).isEqualTo(100_000);
        assertThat(taken.memory().getLong(99_992)).isEqualTo(77);
        assertThat(taken.memory().isReadOnly()).isTrue();
        assertThat(file(made)).doesNotExist();
    }

    @Test
    void whatNobodyTookIsUnlinked() throws IOException {
        SharedMemory made = SharedMemory.create(10);
        made.unlink();
        made.unlink();

        assertThat(file(made)).doesNotExist();
        assertThatThrownBy(() -> SharedMemory.take(made.id())).isInstanceOf(IOException.class);
    }

    @Test
    void aSignalWithoutItsMemoryEndsTheRankThatWaits() {
        var messages = new IncomingMessages();
        var frame = signal(1, 5000);

        assertThat(messages.addShared(frame, id(4711))).isTrue();
        assertThat(messages.arrived(1)).isTrue();

        assertThatThrownBy(() -> messages.message(operation(), "rank 0", 5000))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.PEER_LOST))
                .hasMessageContaining("the shared memory of a message cannot be mapped");
    }

    @Test
    void aSignalThatPromisesMoreThanItsMemoryIsRefused() throws IOException {
        SharedMemory made = SharedMemory.create(100);
        var messages = new IncomingMessages();

        messages.addShared(signal(1, 101), id(made.id()));

        assertThatThrownBy(() -> messages.message(operation(), "rank 0", 101))
                .hasMessageContaining("said to be in less shared memory");
    }

    @Test
    void aSignalOutOfTurnIsRefused() {
        var messages = new IncomingMessages();

        assertThat(messages.addShared(signal(2, 100), id(1))).isFalse();
        assertThat(messages.addShared(signal(1, 100), ByteBuffer.allocate(4))).isFalse();
    }

    private static Frame signal(long sequence, int total) {
        return new Frame(Frame.SHARED, 1, 0, 1, Kind.ALL_TO_ALL, 0, sequence, 0, total);
    }

    private static Operation operation() {
        Operation operation = new Operation(1, 2, Duration.ofSeconds(1));
        operation.begin(Kind.ALL_TO_ALL, 1, 0);
        return operation;
    }

    private static ByteBuffer id(long id) {
        return ByteBuffer.allocate(Long.BYTES).putLong(id).flip();
    }
}
