package io.hashlayers.driver.gang;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.plan.ReceiveCountsWriter;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Writes, in the partition of each rank, what that rank receives: its records come sorted by chunk, then expert. Holds one
 * chunk of one rank's experts in memory. Returns most rows of any step, then those of each expert of the rank.
 *
 * @param maxRows no count is larger
 */
record WriteReceives(
        String splitDir,
        ExpertPlacement placement,
        long steps,
        int chunkSteps,
        int maxRows,
        SerializableConfiguration hadoop)
        implements Function2<Integer, Iterator<Tuple2<TrafficKey, int[]>>, Iterator<int[]>> {
    @Override
    public Iterator<int[]> call(Integer rank, Iterator<Tuple2<TrafficKey, int[]>> records) throws IOException {
        int[] experts = placement.expertsOf(rank);
        int[] peaks = new int[1 + experts.length];
        Folder folder = Folder.of(hadoop.value(), splitDir);
        try (ReceiveCountsWriter writer = new ReceiveCountsWriter(
                folder, RunPlan.receiveFile(rank), rank, placement.worldSize(), experts.length, steps, maxRows)) {
            for (long first = 0; first < steps; first += chunkSteps) {
                int[][] ofExpert = new int[experts.length][];
                for (int local = 0; local < experts.length; local++) {
                    ofExpert[local] = next(records, (int) (first / chunkSteps), experts[local]);
                }
                write(writer, ofExpert, (int) Math.min(chunkSteps, steps - first), peaks);
            }
            peaks[0] = writer.finish();
        }
        return List.of(peaks).iterator();
    }

    private static int[] next(Iterator<Tuple2<TrafficKey, int[]>> records, int chunk, int expert) {
        TrafficKey expected = new TrafficKey(chunk, expert);
        Tuple2<TrafficKey, int[]> found = records.hasNext() ? records.next() : null;
        if (found == null || !found._1().equals(expected)) {
            throw new IllegalStateException(
                    "expected " + expected + ", found " + (found == null ? "none" : found._1()));
        }
        return found._2();
    }

    private void write(ReceiveCountsWriter writer, int[][] ofExpert, int chunkLength, int[] peaks) throws IOException {
        int worldSize = placement.worldSize();
        int[] counts = new int[worldSize * ofExpert.length];
        for (int step = 0; step < chunkLength; step++) {
            for (int local = 0; local < ofExpert.length; local++) {
                int rows = 0;
                for (int source = 0; source < worldSize; source++) {
                    int count = ofExpert[local][step * worldSize + source];
                    counts[source * ofExpert.length + local] = count;
                    rows += count;
                }
                peaks[1 + local] = Math.max(peaks[1 + local], rows);
            }
            writer.append(counts);
        }
    }
}
