package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.SplitInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import scala.Tuple2;

/** The results of a partition as plain bytes, since Spark's Kryo cannot ship records. */
final class ResultBytes {
    private ResultBytes() {}

    static byte[] write(int partition, ShardTask.Result[] results) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeInt(partition);
            for (ShardTask.Result result : results) {
                out.writeUTF(result.shard().file());
                out.writeLong(result.shard().tokens());
                out.writeLong(result.shard().bytes());
                out.writeUTF(result.shard().checksum());
                out.writeLong(result.documents());
                out.writeLong(result.bytes());
                out.writeInt(result.tokens().length);
                for (int i = 0; i < result.tokens().length; i++) {
                    out.writeInt(result.tokens()[i]);
                    out.writeLong(result.counts()[i]);
                }
            }
        }
        return bytes.toByteArray();
    }

    static Tuple2<Integer, ShardTask.Result[]> read(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int partition = in.readInt();
            ShardTask.Result[] results = new ShardTask.Result[SplitRule.SPLITS.size()];
            for (int split = 0; split < results.length; split++) {
                var shard = new SplitInfo.Shard(in.readUTF(), in.readLong(), in.readLong(), in.readUTF());
                long documents = in.readLong();
                long textBytes = in.readLong();
                int[] tokens = new int[in.readInt()];
                long[] counts = new long[tokens.length];
                for (int i = 0; i < tokens.length; i++) {
                    tokens[i] = in.readInt();
                    counts[i] = in.readLong();
                }
                results[split] = new ShardTask.Result(shard, documents, textBytes, tokens, counts);
            }
            return new Tuple2<>(partition, results);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
