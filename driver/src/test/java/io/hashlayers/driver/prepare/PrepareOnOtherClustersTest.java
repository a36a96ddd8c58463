package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;

/** What is made follows from the input and the settings, not from how many do it. */
class PrepareOnOtherClustersTest {
    private static final int TEXTS = 3_000;

    @TempDir
    private Path folder;

    @Test
    void oneSlotAndThreeMakeTheSameBytesAndReadTheSameDocuments() throws IOException {
        var alone = new PreparedDataset(folder.resolve("alone"));
        var together = new PreparedDataset(folder.resolve("together"));
        List<String> texts;
        List<Tuple2<String, String>> documentsAlone;
        List<Tuple2<String, String>> documentsTogether;

        try (SparkSession spark = LocalSpark.start(1)) {
            texts = writeInput(spark);
            documentsAlone = prepare(spark, alone.dir());
        }
        try (SparkSession spark = LocalSpark.start(3)) {
            spark.conf().set("spark.sql.files.maxPartitionBytes", 10_000); // Parquet files are cut, too
            documentsTogether = prepare(spark, together.dir());
        }

        assertThat(alone.manifest().split("train").shards()).hasSizeGreaterThan(2);
        assertThat(together.files()).isEqualTo(alone.files());
        for (String file : alone.files()) {
            assertThat(together.dir().resolve(file))
                    .hasSameBinaryContentAs(alone.dir().resolve(file));
        }
        assertThat(documentsTogether).isEqualTo(documentsAlone);
        assertThat(documentsAlone.stream().map(Tuple2::_2)).containsExactlyInAnyOrderElementsOf(texts);
    }

    /** Also reads the documents as a large input would be, in many ranges: by partition, keys included. */
    private List<Tuple2<String, String>> prepare(SparkSession spark, Path out) {
        var config = new PrepareConfig(
                List.of(folder.resolve("text").toString()),
                "auto",
                "text",
                280,
                "",
                0.1,
                0.1,
                7,
                out.toString(),
                false);
        Prepare.run(spark, config, sentence -> {});
        List<InputFile> files =
                InputFile.find(spark.sparkContext().hadoopConfiguration(), config.inputs(), config.format());
        return Documents.read(spark, files, "text", 20_000)
                .mapPartitionsWithIndex(PrepareOnOtherClustersTest::withPlaces, false)
                .collect();
    }

    private static Iterator<Tuple2<String, String>> withPlaces(
            int partition, Iterator<Tuple2<Long, String>> documents) {
        List<Tuple2<String, String>> placed = new ArrayList<>();
        documents.forEachRemaining(
                document -> placed.add(new Tuple2<>(partition + ":" + document._1(), document._2())));
        return placed.iterator();
    }

    /** A folder of a plain file, an archive and Parquet files; some texts occur more than once. */
    private List<String> writeInput(SparkSession spark) throws IOException {
        var random = new SplittableRandom(5);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < TEXTS; i++) {
            texts.add("%x %x t\u00e9xt %d"
                    .formatted(random.nextLong(), random.nextLong(), random.nextInt(9))
                    .repeat(2));
        }
        texts.addAll(texts.subList(0, 99));
        Path input = Files.createDirectory(folder.resolve("text"));
        Files.write(input.resolve("b.txt"), texts.subList(0, 1_000));
        try (OutputStream out = stored(input.resolve("a.txt.gz"))) {
            out.write((String.join("\n", texts.subList(1_000, 2_000)) + "\n").getBytes(StandardCharsets.UTF_8));
            out.write("\n".repeat(3 << 20).getBytes(StandardCharsets.UTF_8)); // large enough for several shards
        }
        spark.createDataset(texts.subList(2_000, texts.size()), Encoders.STRING())
                .toDF("text")
                .coalesce(1)
                .write()
                .option("parquet.block.size", 10_000)
                .parquet(input.resolve("c").toString());
        return texts;
    }

    /** An archive in which nothing is compressed. */
    private static OutputStream stored(Path file) throws IOException {
        return new GZIPOutputStream(Files.newOutputStream(file)) {
            {
                def.setLevel(Deflater.NO_COMPRESSION);
            }
        };
    }
}
