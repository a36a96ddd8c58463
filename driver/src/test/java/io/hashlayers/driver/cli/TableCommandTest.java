package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.checkpoint.Tid2eidFile;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.storage.Folder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableCommandTest {
    private static final int V = 400;
    private static final int E = 16;
    private static final int K = 3;

    @TempDir
    static Path dir;

    private static long[] counts;

    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void writeFrequencies() {
        var random = new SplittableRandom(4);
        counts = IntStream.range(0, V)
                .mapToLong(token -> random.nextInt(3) == 0 ? 0 : 10_000 / (token + 1))
                .toArray();
        List<Row> rows = IntStream.range(0, V)
                .mapToObj(token -> RowFactory.create(token, counts[token], 0L, 0L, "t"))
                .toList();
        StructType schema = new StructType()
                .add("token", "int")
                .add("train", "long")
                .add("valid", "long")
                .add("test", "long")
                .add("text", "string");
        System.setProperty("spark.master", "local[1]");
        try (SparkSession spark = SparkSessions.create("table-test")) {
            spark.createDataFrame(rows, schema)
                    .coalesce(1)
                    .write()
                    .parquet(dir.resolve(DatasetFiles.FREQUENCIES).toString());
        } finally {
            System.clearProperty("spark.master");
        }
    }

    @Test
    void balancedTablesForEachLayerAreWrittenAsTensors() {
        String out = run(0, "--per-layer 3 --out OUT/three.safetensors");

        try (Tid2eidFile file = open("three.safetensors")) {
            assertThat(file.names())
                    .containsExactly(
                            "layers.0.ffn.gate.tid2eid", "layers.1.ffn.gate.tid2eid", "layers.2.ffn.gate.tid2eid");
            assertThat(file.read(file.names().get(0), E)).isEqualTo(ExpertTable.balanced(counts, E, K));
            assertThat(file.read(file.names().get(2), E)).isEqualTo(ExpertTable.balanced(counts, E, K, 2));
        }
        assertThat(out)
                .contains("400 tokens, ")
                .contains("16 experts, 3 for each token")
                .containsPattern("balanced +MaxVio 0\\.")
                .containsPattern("random +MaxVio")
                .containsPattern("modulo +MaxVio");
    }

    @Test
    void rowsBeyondTheDictionaryAreSpreadEvenly() {
        run(0, "--vocabulary 480 --name tid2eid --dtype int32 --out OUT/padded.safetensors");

        try (Tid2eidFile file = open("padded.safetensors")) {
            ExpertTable table = file.read("tid2eid", E);
            assertThat(table.values()).isEqualTo(480);
            long[] unseen = new long[480];
            Arrays.fill(unseen, V, 480, 1);
            assertThat(Arrays.stream(table.loads(unseen)).max().orElseThrow()).isLessThanOrEqualTo(80 * K / E + 2);
            assertThat(table.loads(Arrays.copyOf(counts, 480)))
                    .isEqualTo(ExpertTable.balanced(counts, E, K).loads(counts));
        }
    }

    @Test
    void anyOtherFileIsOneTableInOurFormat() throws IOException {
        run(0, "--kind random --seed 9 --out OUT/table.bin");

        try (var in = Files.newInputStream(dir.resolve("table.bin"))) {
            assertThat(ExpertTable.read(in, "table.bin")).isEqualTo(ExpertTable.random(V, E, K, 9));
        }
    }

    @Test
    void aFileThatIsThereIsReplacedOnlyIfAskedTo() throws IOException {
        Files.writeString(dir.resolve("there.bin"), "precious");

        run(2, "--out OUT/there.bin");
        assertThat(err.toString()).contains("there.bin is there already; name another file, or say --overwrite");
        assertThat(dir.resolve("there.bin")).hasContent("precious");

        run(0, "--out OUT/there.bin --overwrite");
        assertThat(Files.size(dir.resolve("there.bin"))).isEqualTo(24 + 4L * V * K);
    }

    @Test
    void fewerRowsThanTokensAndAFolderWithoutFrequenciesAreRefused() {
        run(2, "--vocabulary 399 --out OUT/small.bin");
        assertThat(err.toString())
                .contains("--vocabulary is 399 but the dictionary of")
                .contains("has 400 tokens");

        assertThat(Main.run(
                        new PrintWriter(err, true),
                        new PrintWriter(err, true),
                        ("table --experts 4 --out " + dir + "/x.bin --data " + dir + "/nowhere").split(" ", -1)))
                .isEqualTo(3);
        assertThat(err.toString()).contains("nowhere/frequencies.parquet cannot be read");
    }

    private static Tid2eidFile open(String name) {
        return Tid2eidFile.open(Folder.of(new Configuration(), dir.toString()), name);
    }

    /** Runs the command and returns what it prints. */
    private String run(int status, String options) {
        String command = "table --data " + dir + " --experts " + E + " --per-token " + K + " "
                + options.replace("OUT", dir.toString());
        PrintStream console = System.out;
        var printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertThat(Main.run(new PrintWriter(err, true), new PrintWriter(err, true), command.split(" ", -1)))
                    .as(err.toString())
                    .isEqualTo(status);
        } finally {
            System.setOut(console);
        }
        return printed.toString(StandardCharsets.UTF_8);
    }
}
