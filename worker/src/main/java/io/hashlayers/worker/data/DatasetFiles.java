package io.hashlayers.worker.data;

import io.hashlayers.worker.storage.FileSystems;
import java.io.IOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Where things lie in a dataset folder. */
public final class DatasetFiles {
    public static final String MANIFEST = "manifest.json";
    public static final String TOKENIZER = "tokenizer.json";
    public static final String FREQUENCIES = "frequencies.parquet";

    public static final String TRAIN = "train";
    public static final String VALID = "valid";
    public static final String TEST = "test";

    private DatasetFiles() {}

    /** A shard's path relative to the dataset folder, such as {@code train/tokens-00003.bin}. */
    public static String shard(String split, int number) {
        return String.format(Locale.ROOT, "%s/tokens-%05d.bin", split, number);
    }

    /** The file system of a path, see {@link FileSystems}; positioned reads cost no second file there. */
    public static FileSystem fileSystem(Configuration hadoop, Path path) throws IOException {
        return FileSystems.of(hadoop, path);
    }
}
