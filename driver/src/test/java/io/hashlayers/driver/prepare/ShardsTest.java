package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.SplitInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;

class ShardsTest {
    private static final Configuration HADOOP = new Configuration();
    private static final byte[] TOKENIZER = TokenizerJson.of(BpeTrainer.train(Map.of("ab", 2L), 258));

    @TempDir
    private Path folder;

    private FileSystem fileSystem;
    private ShardTask task;

    @BeforeEach
    void makeTask() throws IOException {
        fileSystem = new RawLocalFileSystem();
        fileSystem.initialize(folder.toUri(), HADOOP);
        task = new ShardTask(TOKENIZER, folder.toString(), new SplitRule(0, 0, 1));
    }

    @Test
    void ofTwoAttemptsAtOnceTheFilesOfTheAcceptedOneCount() throws IOException {
        // the second attempt runs in the middle of the first one, as a speculative one does
        List<ShardTask.Result[]> second = new ArrayList<>();
        Iterator<Tuple2<Long, String>> first = Stream.of("ab", "b", "ab")
                .map(text -> {
                    if (text.equals("b")) {
                        second.add(task.write(HADOOP, 0, 12, documents("ab", "b", "ab")));
                    }
                    return new Tuple2<>(0L, text);
                })
                .iterator();
        ShardTask.Result[] accepted = task.write(HADOOP, 0, 11, first);
        ShardTask.Result[] other = task.write(HADOOP, 1, 13, documents("b"));
        assertThat(accepted[0].shard().file())
                .isNotEqualTo(second.get(0)[0].shard().file());

        Shards shards = Shards.commit(
                fileSystem,
                new org.apache.hadoop.fs.Path(folder.toString()),
                List.of(ResultBytes.write(1, other), ResultBytes.write(0, accepted)));

        assertThat(files())
                .containsExactly(
                        "test/tokens-00000.bin",
                        "test/tokens-00001.bin",
                        "train/tokens-00000.bin",
                        "train/tokens-00001.bin",
                        "valid/tokens-00000.bin",
                        "valid/tokens-00001.bin");
        assertThat(folder.resolve(".attempts")).doesNotExist();
        assertThat(shards.splits()).hasEntrySatisfying("train", train -> assertThat(train.shards())
                .extracting(SplitInfo.Shard::file)
                .containsExactly("train/tokens-00000.bin", "train/tokens-00001.bin"));
        int b = 1 + 'b';
        assertThat(folder.resolve("train/tokens-00000.bin"))
                .hasBinaryContent(new byte[] {1, 1, 0, 0, (byte) b, 0, 0, 0, 1, 1, 0, 0});
        assertThat(folder.resolve("train/tokens-00001.bin")).hasBinaryContent(new byte[] {(byte) b, 0, 0, 0});
        assertThat(shards.frequencies(258).train()[257]).isEqualTo(2);
        assertThat(shards.frequencies(258).train()[0]).isEqualTo(4);
    }

    @Test
    void anAttemptThatFailsLeavesNoFile() throws IOException {
        Iterator<Tuple2<Long, String>> documents = Stream.of("ab", "b")
                .map(text -> {
                    if (text.equals("b")) {
                        throw new TrainingException(Failure.DATA, "killed");
                    }
                    return new Tuple2<>(0L, text);
                })
                .iterator();

        assertThatThrownBy(() -> task.write(HADOOP, 0, 11, documents)).hasMessage("killed");

        assertThat(files()).isEmpty();
    }

    @Test
    void anAttemptOfARunThatWasGivenUpBringsNothingBack() throws IOException {
        Files.delete(folder);

        assertThatThrownBy(() -> task.write(HADOOP, 0, 11, documents("ab")))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("cannot be written: the folder is gone")
                .extracting(failure -> ((TrainingException) failure).failure())
                .isEqualTo(Failure.RESOURCES);

        assertThat(folder).doesNotExist();
        Files.createDirectory(folder);
    }

    private static Iterator<Tuple2<Long, String>> documents(String... texts) {
        return Stream.of(texts).map(text -> new Tuple2<>(0L, text)).iterator();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString())
                    .sorted()
                    .toList();
        }
    }
}
