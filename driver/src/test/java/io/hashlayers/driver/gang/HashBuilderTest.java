package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.checkpoint.Tid2eidFile;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.RowSource;
import io.hashlayers.worker.router.BaseConfig;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.SwitchConfig;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TuningConfig;
import io.hashlayers.worker.transformer.FrozenTensors;
import io.hashlayers.worker.transformer.MixtureConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashBuilderTest {
    private static final Configuration HADOOP = new Configuration();
    private static final int E = 4;
    private static final HashConfig SEGMENTED = new HashConfig(HashConfig.Combine.SUM, 1, 2);
    private static final SwitchConfig SWITCH = new SwitchConfig(1.25, 2, 0.01, 0, SwitchConfig.Reads.HIDDEN);
    private static final BaseConfig BASE = new BaseConfig(BaseConfig.Assignment.AUCTION, false);

    @TempDir
    static Path dir;

    private static SparkSession spark;
    private static TinyRuns runs;
    private static long[] counts;

    @BeforeAll
    static void start() throws IOException {
        spark = LocalSpark.start(2);
        runs = TinyRuns.in(dir, spark);
        counts = Frequencies.read(HADOOP, runs.dataset().toString()).train();
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void oneTableIsSharedByAllLayers() {
        List<SharedHash> hashes =
                build(table(TableConfig.Kind.BALANCED, false), HashConfig.SUM, HashConfig.SUM, SWITCH);

        assertThat(hashes).hasSize(1);
        assertThat(hashes.get(0).layers()).containsExactly(0, 1);
        assertThat(table(hashes, 0)).isEqualTo(ExpertTable.balanced(counts, E, 1));
    }

    @Test
    void layersWithTablesOfTheirOwnHaveDifferentOnes() {
        for (TableConfig.Kind kind : List.of(TableConfig.Kind.BALANCED, TableConfig.Kind.RANDOM)) {
            List<SharedHash> hashes = build(table(kind, true), HashConfig.SUM, HashConfig.SUM, HashConfig.SUM);

            assertThat(hashes).extracting(SharedHash::layers).containsExactly(List.of(0), List.of(1), List.of(2));
            assertThat(new HashSet<>(List.of(table(hashes, 0), table(hashes, 1), table(hashes, 2))))
                    .hasSize(3);
        }
    }

    @Test
    void layersThatLearnHaveNoHash() {
        List<SharedHash> hashes = build(table(TableConfig.Kind.RANDOM, true), SWITCH, HashConfig.SUM, BASE);

        assertThat(hashes).hasSize(1);
        assertThat(hashes.get(0).layers()).containsExactly(1);
        assertThat(build(table(TableConfig.Kind.RANDOM, false), SWITCH, BASE, SWITCH))
                .isEmpty();
    }

    @Test
    void aLayerBesideOneThatKeepsItsHashHasAnotherTable() {
        TableConfig own = table(TableConfig.Kind.RANDOM, true);
        List<SharedHash> all = build(own, HashConfig.SUM, HashConfig.SUM, HashConfig.SUM);

        List<SharedHash> others = build(own, new Recorder(), Collections.nCopies(3, HashConfig.SUM), List.of(0));

        assertThat(others).isEqualTo(all.subList(1, 3));
        assertThat(others).doesNotContain(all.get(0));
    }

    @Test
    void everySegmentHasATableOfItsOwn() {
        List<SharedHash> shared = build(table(TableConfig.Kind.BALANCED, false), SEGMENTED, HashConfig.SUM, SEGMENTED);
        List<SharedHash> own = build(table(TableConfig.Kind.BALANCED, true), SEGMENTED, HashConfig.SUM, SEGMENTED);

        assertThat(shared).extracting(SharedHash::layers).containsExactly(List.of(0, 2), List.of(1));
        MultiHash two = (MultiHash) shared.get(0).hash();
        assertThat(two.parts()).hasSize(2);
        assertThat(two.parts().get(0)).isNotEqualTo(two.parts().get(1));
        assertThat(own).hasSize(3);
        List<TokenHash> all =
                own.stream().flatMap(hash -> hash.hash().parts().stream()).toList();
        assertThat(new HashSet<>(all)).as("tables of 2 + 1 + 2 segments").hasSize(5);
    }

    @Test
    void modelsOfAnotherFeatureHaveExpertsForItsValues() {
        TableConfig positions = TableConfig.of(TableConfig.Kind.BALANCED, 0, TokenFeature.POSITION, false);

        List<SharedHash> hashes = build(positions, HashConfig.SUM, HashConfig.SUM, HashConfig.SUM);

        assertThat(table(hashes, 0).values()).isEqualTo(TinyRuns.SEQUENCE);
        assertThat(table(hashes, 0)
                        .loads(IntStream.range(0, TinyRuns.SEQUENCE)
                                .mapToLong(p -> 1)
                                .toArray()))
                .containsOnly(2);
    }

    @Test
    void tablesOfClustersFollowThoseOfTheTrainedModel() {
        runs.train(
                runs.config("dense", MixtureConfig.hash(List.of(), 1, 1), TableConfig.of(TableConfig.Kind.RANDOM, 0)),
                2);
        Recorder recorder = new Recorder();

        ExpertTable clustered = table(build(clusters(TableConfig.Kind.CLUSTERED), recorder), 0);
        ExpertTable dispersed = table(build(clusters(TableConfig.Kind.DISPERSED), recorder), 0);

        TrainedModel dense = TrainedModel.open(HADOOP, runs.folder("dense"), OptionalLong.empty());
        int[] clusters = TokenClusters.of(spark, dense, E, 1);
        assertThat(clustered).isEqualTo(ExpertTable.clustered(clusters, E));
        assertThat(dispersed).isEqualTo(ExpertTable.dispersed(clusters, counts, E));
        long most = Arrays.stream(counts).max().orElseThrow();
        long[] loads = dispersed.loads(counts);
        assertThat(Arrays.stream(loads).max().orElseThrow()
                        - Arrays.stream(loads).min().orElseThrow())
                .isLessThanOrEqualTo(most);
        assertThat(recorder.all(String.class))
                .anyMatch(note -> note.startsWith("clustering the tokens by the embeddings of file:")
                        && note.endsWith("dense, step 8"))
                .anyMatch(note -> note.startsWith("clusters  4 of 50 tokens, of "));
    }

    @Test
    void aRunThatGoesOnWithItsTablesNeedsNotWhatTheyWereMadeOf() throws IOException {
        RunConfig dense =
                runs.config("gone", MixtureConfig.hash(List.of(), 1, 1), TableConfig.of(TableConfig.Kind.RANDOM, 0));
        runs.train(dense, 1);
        TableConfig clusters = new TableConfig(
                TableConfig.Kind.CLUSTERED, 1, TokenFeature.CURRENT_TOKEN, false, "", runs.folder("gone"), "");
        MixtureConfig mixture = MixtureConfig.hash(List.of(1), E, 1);
        runs.train(runs.config("first", mixture, clusters), 1);
        Files.move(dir.resolve("gone"), dir.resolve("moved"));

        RunConfig second = runs.config("second", mixture, clusters)
                .tuned(new TuningConfig(runs.folder("first"), 0, true, FrozenTensors.NONE));
        runs.train(second, 2);

        assertThat(dir.resolve("second/table/expert-table-0.bin"))
                .hasSameBinaryContentAs(dir.resolve("first/table/expert-table-0.bin"));
    }

    @Test
    void tablesOfAFileAreThoseOfTheirLayers() throws IOException {
        Map<String, ExpertTable> tables = new TreeMap<>();
        for (int layer : new int[] {0, 1, 2}) {
            tables.put("layers." + layer + ".tid2eid", ExpertTable.random(TinyDataset.VOCABULARY, E, 1, 40 + layer));
        }
        Tid2eidFile.write(Folder.of(HADOOP, dir.toString()), "t.safetensors", tables, Tid2eidFile.Width.INT64);
        String file = dir.resolve("t.safetensors").toString();
        TableConfig table =
                new TableConfig(TableConfig.Kind.TID2EID, 0, TokenFeature.CURRENT_TOKEN, true, file, "", "");

        List<SharedHash> hashes = build(table, HashConfig.SUM, HashConfig.SUM, HashConfig.SUM);

        assertThat(hashes).hasSize(3);
        assertThat(List.of(table(hashes, 0), table(hashes, 1), table(hashes, 2)))
                .isEqualTo(List.copyOf(tables.values()));
        assertThat(build(table, SWITCH, SWITCH, SWITCH)).as("which need none").isEmpty();
    }

    private static ExpertTable table(List<SharedHash> hashes, int number) {
        return hashes.get(number).hash().parts().get(0).table();
    }

    private static TableConfig table(TableConfig.Kind kind, boolean perLayer) {
        return TableConfig.of(kind, 1, TokenFeature.CURRENT_TOKEN, perLayer);
    }

    private static TableConfig clusters(TableConfig.Kind kind) {
        return new TableConfig(kind, 1, TokenFeature.CURRENT_TOKEN, false, "", runs.folder("dense"), "");
    }

    private static List<SharedHash> build(TableConfig table, Recorder recorder) {
        return build(table, recorder, Collections.nCopies(3, HashConfig.SUM));
    }

    private static List<SharedHash> build(TableConfig table, RouterConfig... routers) {
        return build(table, new Recorder(), List.of(routers));
    }

    private static List<SharedHash> build(TableConfig table, Recorder recorder, List<? extends RouterConfig> routers) {
        return build(table, recorder, routers, List.of());
    }

    /**
     * @param kept layers that have a hash already
     */
    private static List<SharedHash> build(
            TableConfig table, Recorder recorder, List<? extends RouterConfig> routers, List<Integer> kept) {
        MixtureConfig mixture = new MixtureConfig(List.of(0, 1, 2), E, 1, List.copyOf(routers), 0, 0);
        RunConfig config = runs.config("of-builder", mixture, table);
        DatasetManifest dataset = DatasetManifest.read(
                HADOOP, new org.apache.hadoop.fs.Path(runs.dataset().toString()));
        RowSource rows = new RowSource(runs.dataset().toString(), "train", TinyRuns.SEQUENCE, "");
        FeatureCounts featureCounts = new FeatureCounts(
                spark, rows, dataset, Frequencies.read(HADOOP, runs.dataset().toString()));
        return new HashBuilder(spark, config, featureCounts, TableSources.open(HADOOP, config, kept), recorder)
                .build(kept);
    }
}
