package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.SplitInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/** Looks into a dataset of at most 65,536 tokens by plain file reads. */
record PreparedDataset(Path dir) {
    DatasetManifest manifest() {
        return DatasetManifest.read(new Configuration(), new org.apache.hadoop.fs.Path(dir.toString()));
    }

    /** The documents of a split, decoded, in order. */
    List<String> documents(String split) throws IOException {
        List<String> documents = new ArrayList<>();
        DatasetManifest manifest = manifest();
        try (TextTokenizer tokenizer = TextTokenizer.of(Files.readAllBytes(dir.resolve("tokenizer.json")))) {
            int[] tokens = tokens(split);
            int start = 0;
            for (int i = 0; i < tokens.length; i++) {
                if (tokens[i] == manifest.endOfText()) {
                    documents.add(tokenizer.decode(Arrays.copyOfRange(tokens, start, i)));
                    start = i + 1;
                }
            }
        }
        return documents;
    }

    /** The tokens of a split, of all its shards in order. */
    int[] tokens(String split) throws IOException {
        List<Integer> tokens = new ArrayList<>();
        for (SplitInfo.Shard shard : manifest().split(split).shards()) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(dir.resolve(shard.file())))
                    .order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                tokens.add(bytes.getShort() & 0xFFFF);
            }
        }
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Names of all files. */
    List<String> files() throws IOException {
        return List.copyOf(times().keySet());
    }

    /** When each file was written. */
    Map<String, FileTime> times() throws IOException {
        Map<String, FileTime> times = new TreeMap<>();
        try (Stream<Path> files = Files.walk(dir)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                times.put(dir.relativize(file).toString(), Files.getLastModifiedTime(file));
            }
        }
        return times;
    }
}
