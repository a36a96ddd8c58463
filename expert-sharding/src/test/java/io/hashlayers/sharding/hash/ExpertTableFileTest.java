package io.hashlayers.sharding.hash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ExpertTableFileTest {
    @RandomSeeds
    void aTableComesBackEqual(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        int values = random.nextInt(1, 30_000); // from one to several chunks
        int k = random.nextInt(1, 4);
        var table = ExpertTable.random(values, 64, k, seed);

        assertThat(read(written(table))).isEqualTo(table);
    }

    @Test
    void theBytesAreThoseOfTheGrammar() throws IOException {
        byte[] bytes = written(ExpertTable.of(3, 2, new int[] {2, 0}));

        assertThat(HexFormat.of().formatHex(bytes, 0, bytes.length - 4))
                .isEqualTo("484c4554" + "01000000" + "01000000" + "03000000" + "02000000" + "02000000" + "00000000");
        assertThat(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(bytes.length - 4))
                .isEqualTo(crc32c(bytes, bytes.length - 4));
    }

    @RandomSeeds(3)
    void everyFlippedByteIsRefused(long seed) throws IOException {
        byte[] bytes = written(ExpertTable.random(60, 7, 2, seed));
        var random = new SplittableRandom(seed);
        for (int i = 0; i < bytes.length; i++) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= (byte) random.nextInt(1, 256);

            assertRefused(() -> read(damaged), "");
        }
    }

    @Test
    void everyCutIsRefused() throws IOException {
        byte[] bytes = written(ExpertTable.modulo(20, 4, 1));
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);

            assertRefused(() -> read(cut), "ends too early");
        }
    }

    @Test
    void bytesAfterTheEndAreRefused() throws IOException {
        byte[] bytes = written(ExpertTable.modulo(20, 4, 1));

        assertRefused(() -> read(Arrays.copyOf(bytes, bytes.length + 1)), "goes on after the end");
    }

    @Test
    void otherFilesAndVersionsAreRefused() {
        assertRefused(() -> read("PAR1 and so on, another file".getBytes(UTF_8)), "is not an expert table");
        assertRefused(() -> read(file(2, 1, 1, 1, 0)), "has format version 2, this release reads 1");
    }

    @Test
    void sizesBeyondTheLimitAreRefusedBeforeAnythingIsRead() {
        for (int[] sizes :
                new int[][] {{0, 1, 1}, {-1, 1, 1}, {1, 1, 0}, {1, 1, -1}, {1 << 26, 2, 2}, {1 << 30, 4, 4}}) {
            assertRefused(() -> read(file(1, sizes)), "a table has 1 to 67108864 entries");
        }
    }

    @Test
    void aHeaderThatPromisesMoreThanTheFileHoldsAllocatesLittle() {
        byte[] header = file(1, ExpertTable.MAX_ENTRIES, 1, 1); // promises 256 MB
        long before = allocatedBytes();

        assertRefused(() -> read(header), "ends too early");

        assertThat(allocatedBytes() - before).isLessThan(4 << 20);
    }

    @Test
    void aWholeFileWithoutATableIsRefused() {
        assertRefused(() -> read(file(1, 2, 3, 1, 0, 3)), "expert 3 of value 1 is not one of 0 to 2");
        assertRefused(() -> read(file(1, 1, 3, 2, 1, 1)), "value 0 has expert 1 twice");
        assertRefused(() -> read(file(1, 1, 0, 1, 0)), "1 values, 0 experts");
        assertRefused(() -> read(file(1, 1, 1, 2, 0, 0)), "1 values, 1 experts, 2 for each");
    }

    @Test
    void anErrorOfTheDiskStaysWhatItIs() throws IOException {
        var closed = InputStream.nullInputStream();
        closed.close();

        assertThatThrownBy(() -> ExpertTable.read(closed, "run/table.bin")).isInstanceOf(IOException.class);
    }

    private static void assertRefused(ThrowingCallable reading, String why) {
        assertThatThrownBy(reading)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageStartingWith("run/table.bin ")
                .hasMessageContaining(why)
                .hasMessageContaining("build the table anew");
    }

    /** A file with a right checksum, whatever is in it. */
    private static byte[] file(int version, int... sizesAndExperts) {
        var buffer = ByteBuffer.allocate(4 * (sizesAndExperts.length + 3)).order(ByteOrder.LITTLE_ENDIAN);
        buffer.put("HLET".getBytes(UTF_8)).putInt(version);
        Arrays.stream(sizesAndExperts).forEach(buffer::putInt);
        buffer.putInt(crc32c(buffer.array(), buffer.position()));
        return buffer.array();
    }

    private static int crc32c(byte[] bytes, int length) {
        var crc = new CRC32C();
        crc.update(bytes, 0, length);
        return (int) crc.getValue();
    }

    private static byte[] written(ExpertTable table) throws IOException {
        var out = new ByteArrayOutputStream();
        table.write(out);
        return out.toByteArray();
    }

    private static ExpertTable read(byte[] bytes) throws IOException {
        return ExpertTable.read(new ByteArrayInputStream(bytes), "run/table.bin");
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
