package io.hashlayers.driver.cli;

import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.SplitInfo;
import io.hashlayers.worker.data.TokenDataset;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** What a dataset holds. */
final class DatasetReport {
    private final PrintStream out;

    DatasetReport(PrintStream out) {
        this.out = out;
    }

    void print(String dir, DatasetManifest manifest) {
        say("dataset    %s", dir);
        say("digest     %s", manifest.digest());
        say("tokenizer  %,d entries, %s", manifest.vocabularySize(), manifest.tokenizerDigest());
        say("%-10s %12s %14s %14s %12s %7s", "split", "documents", "tokens", "bytes", "bytes/token", "shards");
        for (Map.Entry<String, SplitInfo> entry : manifest.splits().entrySet()) {
            SplitInfo split = entry.getValue();
            say(
                    "%-10s %,12d %,14d %,14d %12s %7d",
                    entry.getKey(),
                    split.documents(),
                    split.tokens(),
                    split.bytes(),
                    split.tokens() == 0 ? "-" : String.format(Locale.ROOT, "%.3f", split.bytesPerToken()),
                    split.shards().size());
        }
    }

    /**
     * Reads every byte of every split.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} that names the first file that was changed
     */
    void verify(Configuration hadoop, String dir) throws IOException {
        DatasetManifest manifest = DatasetManifest.read(hadoop, new Path(dir));
        for (Map.Entry<String, SplitInfo> split : manifest.splits().entrySet()) {
            if (split.getValue().rows(1) > 0) {
                try (TokenDataset dataset = TokenDataset.open(hadoop, dir, split.getKey(), 1)) {
                    dataset.verify();
                }
            }
        }
        say("checksums  of all shards hold");
    }

    private void say(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
