package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.data.BatchSchedule;
import io.hashlayers.worker.data.RowReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Counts the rows of one chunk, a run of steps: for each expert one record, [steps of the chunk * W] row-major, rows from
 * each rank. Holds one chunk in memory.
 *
 * @param chunkSteps steps of a chunk; the last may have fewer
 * @param statistics receives what the chunk means for the ranks, once more for every time that Spark repeats it
 */
record CountChunks(
        PlannedSplit split,
        ExpertHash hash,
        ExpertPlacement placement,
        int chunkSteps,
        SerializableConfiguration hadoop,
        CollectionAccumulator<ChunkTraffic> statistics)
        implements PairFlatMapFunction<Integer, TrafficKey, int[]> {
    @Override
    public Iterator<Tuple2<TrafficKey, int[]>> call(Integer chunk) {
        try (RowReader rows = RowReader.open(hadoop.value(), split.rows())) {
            return count(chunk, rows).iterator();
        }
    }

    private List<Tuple2<TrafficKey, int[]>> count(int chunk, RowReader rows) {
        BatchSchedule schedule = split.schedule(rows.rows());
        int worldSize = placement.worldSize();
        int experts = placement.numExperts();
        long first = (long) chunk * chunkSteps;
        int steps = (int) Math.min(chunkSteps, split.steps(schedule) - first);
        StepCounter counter = new StepCounter(rows, schedule, hash, worldSize);
        int[][] ofStep = new int[worldSize][experts];
        int[][] ofExpert = new int[experts][steps * worldSize];
        ChunkTraffic traffic = ChunkTraffic.empty(chunk);
        for (int step = 0; step < steps; step++) {
            counter.count(first + step, ofStep);
            traffic = traffic.plus(ofStep, placement);
            for (int rank = 0; rank < worldSize; rank++) {
                for (int expert = 0; expert < experts; expert++) {
                    ofExpert[expert][step * worldSize + rank] = ofStep[rank][expert];
                }
            }
        }
        statistics.add(traffic);
        List<Tuple2<TrafficKey, int[]>> records = new ArrayList<>();
        for (int expert = 0; expert < experts; expert++) {
            records.add(new Tuple2<>(new TrafficKey(chunk, expert), ofExpert[expert]));
        }
        return records;
    }
}
