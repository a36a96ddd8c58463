package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.SplitInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * The token files of a dataset and what they hold.
 *
 * <p>A partition may be written more than once, by a retried or a speculative attempt, and the attempts may run at the same
 * time. So each writes files of its own, and the driver gives those of the attempt whose result Spark took their names.
 */
final class Shards {
    private final List<ShardTask.Result[]> byPartition; // the results of a partition by split

    private Shards(List<ShardTask.Result[]> byPartition) {
        this.byPartition = byPartition;
    }

    /** Encodes the documents, a partition into a shard of each split. */
    static Shards write(Configuration hadoop, JavaPairRDD<Long, String> documents, ShardTask task, Path dir)
            throws IOException {
        var configuration = new SerializableConfiguration(hadoop);
        List<byte[]> results;
        try {
            results = encode(configuration, documents, task);
        } finally {
            task.end(); // a local master's tasks ran here; executors end with the application
        }
        return commit(DatasetFiles.fileSystem(hadoop, dir), dir, results);
    }

    private static List<byte[]> encode(
            SerializableConfiguration configuration, JavaPairRDD<Long, String> documents, ShardTask task) {
        return documents
                .mapPartitionsWithIndex(
                        (partition, part) -> {
                            long attempt = TaskContext.get().taskAttemptId();
                            return List.of(ResultBytes.write(
                                            partition, task.write(configuration.value(), partition, attempt, part)))
                                    .iterator();
                        },
                        false)
                .collect();
    }

    /** Names the files of the attempts that count, and removes those of the others. */
    static Shards commit(FileSystem fileSystem, Path dir, List<byte[]> results) throws IOException {
        List<Tuple2<Integer, ShardTask.Result[]>> attempts =
                new ArrayList<>(results.stream().map(ResultBytes::read).toList());
        attempts.sort(Comparator.comparing(Tuple2::_1));
        for (String split : SplitRule.SPLITS) {
            fileSystem.mkdirs(new Path(dir, split));
        }
        List<ShardTask.Result[]> byPartition = new ArrayList<>();
        for (Tuple2<Integer, ShardTask.Result[]> attempt : attempts) {
            ShardTask.Result[] named = new ShardTask.Result[SplitRule.SPLITS.size()];
            for (int split = 0; split < named.length; split++) {
                String file = DatasetFiles.shard(SplitRule.SPLITS.get(split), attempt._1());
                Destination.rename(
                        fileSystem, new Path(dir, attempt._2()[split].shard().file()), new Path(dir, file));
                named[split] = attempt._2()[split].named(file);
            }
            byPartition.add(named);
        }
        fileSystem.delete(new Path(dir, ShardTask.ATTEMPTS), true);
        return new Shards(byPartition);
    }

    /** Shards of each split. */
    int count() {
        return byPartition.size();
    }

    /** How often each token occurs. */
    Frequencies frequencies(int vocabularySize) {
        long[][] counts = new long[SplitRule.SPLITS.size()][vocabularySize];
        for (ShardTask.Result[] results : byPartition) {
            for (int split = 0; split < counts.length; split++) {
                ShardTask.Result result = results[split];
                for (int i = 0; i < result.tokens().length; i++) {
                    counts[split][result.tokens()[i]] += result.counts()[i];
                }
            }
        }
        return new Frequencies(counts[SplitRule.TRAIN], counts[SplitRule.VALID], counts[SplitRule.TEST]);
    }

    /** The splits by their names, for the manifest. */
    Map<String, SplitInfo> splits() {
        Map<String, SplitInfo> splits = new TreeMap<>();
        for (int split = 0; split < SplitRule.SPLITS.size(); split++) {
            List<SplitInfo.Shard> files = new ArrayList<>();
            long documents = 0;
            long bytes = 0;
            for (ShardTask.Result[] results : byPartition) {
                files.add(results[split].shard());
                documents += results[split].documents();
                bytes += results[split].bytes();
            }
            long tokens = files.stream().mapToLong(SplitInfo.Shard::tokens).sum();
            splits.put(SplitRule.SPLITS.get(split), new SplitInfo(tokens, documents, bytes, files));
        }
        return splits;
    }
}
