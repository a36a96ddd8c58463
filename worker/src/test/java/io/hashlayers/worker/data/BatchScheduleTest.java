package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BatchScheduleTest {
    @RandomSeeds(30)
    void trainingReadsEpochAfterEpochWithoutGapsBetweenBatches(long seed) {
        var random = new SplittableRandom(seed);
        int rows = random.nextInt(1, 40);
        int batch = random.nextInt(1, 60);
        BatchSchedule schedule = BatchSchedule.training(rows, batch, seed);

        List<Long> read = read(schedule, 3L * rows / batch + 1);

        for (int epoch = 0; epoch < 3; epoch++) {
            assertThat(new HashSet<>(read.subList(epoch * rows, (epoch + 1) * rows)))
                    .as("epoch " + epoch)
                    .hasSize(rows)
                    .allMatch(row -> row >= 0 && row < rows);
        }
        assertThat(schedule.steps()).isEqualTo(Long.MAX_VALUE);
    }

    @RandomSeeds(30)
    void aSequentialPassIsEveryRowOnceInOrderThenPadding(long seed) {
        var random = new SplittableRandom(seed);
        int rows = random.nextInt(1, 200);
        int batch = random.nextInt(1, 60);
        BatchSchedule schedule = BatchSchedule.sequential(rows, batch);

        List<Long> read = read(schedule, schedule.steps());

        assertThat(read.subList(0, rows))
                .isEqualTo(LongStream.range(0, rows).boxed().toList());
        assertThat(read.subList(rows, read.size()))
                .hasSizeLessThan(batch)
                .allMatch(row -> row == BatchSchedule.PADDING);
    }

    @RandomSeeds(20)
    void ranksOfAnyNumberReadTheSameBatch(long seed) {
        var random = new SplittableRandom(seed);
        int world = random.nextInt(1, 6);
        int batch = world * random.nextInt(1, 6);
        BatchSchedule schedule = BatchSchedule.training(37, batch, seed);

        for (long step = 0; step < 10; step++) {
            List<Long> byRanks = new ArrayList<>();
            for (int rank = 0; rank < world; rank++) {
                for (int index = rank * batch / world; index < (rank + 1) * batch / world; index++) {
                    byRanks.add(schedule.row(step, index));
                }
            }
            assertThat(byRanks).isEqualTo(read(schedule, step, step + 1));
        }
    }

    @Test
    void anythingThatChangesRowsChangesTheDigest() {
        List<BatchSchedule> schedules = List.of(
                BatchSchedule.training(100, 8, 1),
                BatchSchedule.training(101, 8, 1),
                BatchSchedule.training(100, 9, 1),
                BatchSchedule.training(100, 8, 2),
                BatchSchedule.sequential(100, 8),
                BatchSchedule.sequential(100, 9));

        assertThat(schedules.stream().map(BatchSchedule::digest).distinct()).hasSize(schedules.size());
        assertThat(BatchSchedule.training(100, 8, 1).digest())
                .isEqualTo(schedules.get(0).digest());
    }

    @Test
    void whatIsOutsideTheScheduleIsRefused() {
        BatchSchedule schedule = BatchSchedule.sequential(10, 4);

        assertThat(schedule.row(2, 1)).isEqualTo(9);
        assertThatThrownBy(() -> schedule.row(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> schedule.row(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> schedule.row(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> BatchSchedule.sequential(10, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BatchSchedule.sequential(0, 4)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BatchSchedule.training(10, -1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BatchSchedule.training(10, 4, 0).row(Long.MAX_VALUE - 1, 0))
                .isInstanceOf(ArithmeticException.class);
    }

    private static List<Long> read(BatchSchedule schedule, long steps) {
        return read(schedule, 0, steps);
    }

    private static List<Long> read(BatchSchedule schedule, long from, long to) {
        List<Long> rows = new ArrayList<>();
        for (long step = from; step < to; step++) {
            for (int index = 0; index < schedule.batch(); index++) {
                rows.add(schedule.row(step, index));
            }
        }
        return rows;
    }
}
