package io.hashlayers.worker.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReceiveCountsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final String FILE = "receive-rank-00001.bin";

    @TempDir
    Path dir;

    @RandomSeeds(20)
    void everyStepIsReadAsItWasWrittenInAnyOrder(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        int world = random.nextInt(2, 6);
        int experts = random.nextInt(0, 5);
        int maxRows = random.nextBoolean() ? 65_535 : 1_000_000;
        int[][] steps = new int[random.nextInt(1, 300)][];
        Arrays.setAll(steps, step -> random.ints((long) world * experts, 0, maxRows + 1)
                .toArray());

        int peak = write(world, experts, maxRows, steps);

        try (ReceiveCounts counts = open()) {
            int[][] actual = new int[world][experts];
            for (int i = 0; i < 50; i++) {
                int step = random.nextInt(steps.length);
                counts.read(step, actual);
                assertThat(Arrays.stream(actual).flatMapToInt(Arrays::stream)).containsExactly(boxed(steps[step]));
            }
            int expectedPeak = Arrays.stream(steps)
                    .mapToInt(step -> Arrays.stream(step).sum())
                    .max()
                    .orElseThrow();
            assertThat(counts.peakRows()).isEqualTo(peak).isEqualTo(expectedPeak);
            assertThat(counts.steps()).isEqualTo(steps.length);
            assertThat(counts.rank()).isEqualTo(1);
        }
    }

    @Test
    void stepsBeyondTheBufferAreRead() throws IOException {
        int[][] steps = new int[3000][];
        Arrays.setAll(steps, step -> new int[] {step, step + 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
        int[][] repeated = new int[30_000][];
        Arrays.setAll(repeated, step -> steps[step % 3000]);

        write(2, 8, 60_000, repeated);

        try (ReceiveCounts counts = open()) {
            int[][] actual = new int[2][8];
            for (int step = 0; step < repeated.length; step += 997) {
                counts.read(step, actual);
                assertThat(actual[0][1]).isEqualTo(step % 3000 + 1);
            }
        }
    }

    @Test
    void aFlippedByteAnywhereIsRefused() throws IOException {
        write(2, 2, 100, new int[][] {{1, 2, 3, 4}, {5, 6, 7, 8}, {0, 0, 0, 9}});
        Path file = dir.resolve(FILE);
        byte[] good = Files.readAllBytes(file);

        for (int position = 0; position < good.length; position++) {
            byte[] bad = good.clone();
            bad[position] ^= 0x40;
            Files.write(file, bad);

            assertThatThrownBy(this::readAll)
                    .as("byte " + position)
                    .isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                            .isEqualTo(Failure.DATA))
                    .hasMessageContaining(FILE);
        }
    }

    @Test
    void aTruncatedFileIsRefused() throws IOException {
        write(2, 2, 100, new int[][] {{1, 2, 3, 4}, {5, 6, 7, 8}});
        Path file = dir.resolve(FILE);
        byte[] good = Files.readAllBytes(file);

        for (int length = 0; length < good.length; length++) {
            Files.write(file, Arrays.copyOf(good, length));
            assertThatThrownBy(this::readAll)
                    .as("first " + length + " bytes")
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("not a usable file of receive counts");
        }
    }

    @Test
    void sizesOfAForeignHeaderAllocateNothing() {
        assertThatThrownBy(() -> new ReceiveHeader(0, Integer.MAX_VALUE, Integer.MAX_VALUE, 4, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ReceiveHeader(0, 1, 1, 4, Long.MAX_VALUE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ReceiveHeader(0, 1, 1, 3, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anUnfinishedFileDoesNotExist() throws IOException {
        try (var writer = new ReceiveCountsWriter(folder(), FILE, 1, 2, 1, 2, 10)) {
            writer.append(new int[] {1, 2});
            assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
        }

        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void aCountThatDoesNotFitIsRefused() throws IOException {
        try (var writer = new ReceiveCountsWriter(folder(), FILE, 0, 1, 1, 2, 10)) {
            assertThatThrownBy(() -> writer.append(new int[] {65_536})).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.append(new int[] {-1})).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> writer.append(new int[2])).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private int write(int world, int experts, int maxRows, int[][] steps) throws IOException {
        try (var writer = new ReceiveCountsWriter(folder(), FILE, 1, world, experts, steps.length, maxRows)) {
            for (int[] step : steps) {
                writer.append(step);
            }
            return writer.finish();
        }
    }

    private void readAll() {
        try (ReceiveCounts counts = open()) {
            int[][] actual = new int[counts.worldSize()][counts.localExperts()];
            for (long step = 0; step < counts.steps(); step++) {
                counts.read(step, actual);
            }
        }
    }

    private ReceiveCounts open() {
        return ReceiveCounts.open(HADOOP, dir.resolve(FILE).toString());
    }

    private Folder folder() {
        return Folder.of(HADOOP, dir.toString());
    }

    private static Integer[] boxed(int[] values) {
        return Arrays.stream(values).boxed().toArray(Integer[]::new);
    }
}
