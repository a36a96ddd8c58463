package io.hashlayers.driver.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.endtoend.Launcher.Finished;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is wrong, the command says so in one sentence, ends with the right exit code and leaves nothing half-written. */
@TestInstance(Lifecycle.PER_CLASS)
class BadInputIT {
    private static final int USER = 2;
    private static final int DATA = 3;
    private static final int RESOURCES = 4;

    @TempDir
    static Path folder;

    private Launcher hashlayers;

    @BeforeAll
    void prepare() throws IOException {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        Files.writeString(folder.resolve("empty.txt"), "\n\n");
        Files.write(folder.resolve("latin1.txt"), new byte[] {'a', (byte) 0xE9, 'b', '\n'});
        Files.writeString(folder.resolve("tiny.txt"), "ab ab ab ab\n");
        Files.writeString(folder.resolve("slip.conf"), "model { dimm = 3 }\n");
        hashlayers
                .run(
                        "--master",
                        "local[2]",
                        "prepare",
                        "--input",
                        "text.txt",
                        "--out",
                        "data",
                        "-D",
                        "prepare.vocabulary-size=400")
                .expect(0);
    }

    static Stream<Arguments> badCommands() {
        return Stream.of(
                Arguments.of(DATA, "does not exist", "prepare --input missing.txt --out out"),
                Arguments.of(DATA, "holds no text", "prepare --input empty.txt --out out"),
                Arguments.of(DATA, "is not UTF-8 in line 1", "prepare --input latin1.txt --out out"),
                Arguments.of(USER, "the text allows at most", "prepare --input tiny.txt --out out"),
                Arguments.of(USER, "did you mean model.dim?", "train --conf slip.conf --data data --run out"),
                Arguments.of(USER, "must be a whole number", "train --data data --run out -D model.layers=many"),
                Arguments.of(USER, "missing.conf", "train --conf missing.conf --data data --run out"),
                Arguments.of(DATA, "manifest.json", "train --data nowhere --run out"),
                Arguments.of(DATA, "one sequence of", "train --data data --run out -D model.context-length=1000000"),
                Arguments.of(USER, "moe.clusters-from is empty", "train --data data --run out -D moe.table=clustered"),
                Arguments.of(
                        DATA,
                        "nowhere/checkpoints holds no whole checkpoint",
                        "train --data data --run out -D moe.feature=predicted-next -D moe.predictions-from=nowhere"),
                Arguments.of(
                        DATA,
                        "there is no file file:",
                        "train --data data --run out -D moe.table=tid2eid -D moe.table-file=nowhere.safetensors"),
                Arguments.of(RESOURCES, "8 ranks", "train --data data --run out -D train.ranks=8"),
                Arguments.of(
                        RESOURCES,
                        "spark.dynamicAllocation.enabled",
                        "--spark-conf spark.dynamicAllocation.enabled=true train --data data --run out"),
                Arguments.of(
                        RESOURCES, "spark://127.0.0.1:1", "--master spark://127.0.0.1:1 train --data data --run out"));
    }

    @ParameterizedTest
    @MethodSource("badCommands")
    void saysWhatIsWrong(int exitCode, String sentence, String command) {
        Finished finished = hashlayers.run(
                command.startsWith("--master") ? command.split(" ") : ("--master local[2] " + command).split(" "));

        finished.expect(exitCode);
        assertThat(finished.errors()).contains(sentence).doesNotContain("\tat ");
        assertThat(folder.resolve("out")).doesNotExist();
        assertThat(folder.resolve("out.incomplete")).doesNotExist();
    }

    @Test
    void aFlippedByteInAShardIsFound() throws IOException {
        copy(folder.resolve("data"), folder.resolve("flipped"));
        Path shard = folder.resolve("flipped/train/tokens-00000.bin");
        try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
            file.seek(100);
            int value = file.read();
            file.seek(100);
            file.write(value ^ 1);
        }

        Finished finished = hashlayers.run("--master", "local[2]", "train", "--data", "flipped", "--run", "out");

        finished.expect(DATA);
        assertThat(finished.errors()).contains("tokens-00000.bin");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }
}
