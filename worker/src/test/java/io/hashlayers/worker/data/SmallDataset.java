package io.hashlayers.worker.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** A dataset with one split, whose shards hold the tokens that a test wants. */
final class SmallDataset {
    static final Configuration HADOOP = new Configuration();
    static final String TOKENIZER = "sha256:" + "a".repeat(64);

    private SmallDataset() {}

    /** Writes the train split, a shard for each array. */
    static DatasetManifest write(Path dir, int vocabularySize, List<int[]> shards) throws IOException {
        var path = new org.apache.hadoop.fs.Path(dir.toString());
        List<SplitInfo.Shard> written = new ArrayList<>();
        long tokens = 0;
        for (int[] shard : shards) {
            String file = DatasetFiles.shard(DatasetFiles.TRAIN, written.size());
            try (var writer = new TokenShardWriter(HADOOP, path, file, vocabularySize)) {
                writer.write(shard);
                written.add(writer.finish());
            }
            tokens += shard.length;
        }
        DatasetManifest manifest = manifest(vocabularySize, new SplitInfo(tokens, 1, 4 * tokens, written));
        manifest.write(HADOOP, path);
        return manifest;
    }

    static DatasetManifest manifest(int vocabularySize, SplitInfo train) {
        return new DatasetManifest(
                DatasetManifest.FORMAT_VERSION,
                TOKENIZER,
                vocabularySize,
                0,
                new TreeMap<>(Map.of(DatasetFiles.TRAIN, train)),
                new TreeMap<>(Map.of("input", "corpus.txt")),
                train.documents());
    }
}
