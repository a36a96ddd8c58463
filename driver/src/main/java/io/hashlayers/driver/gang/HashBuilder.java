package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;

/** Builds the hashes of a run's layers: one for all of them, or one for each. */
final class HashBuilder {
    private final SparkSession spark;
    private final ModelConfig model;
    private final TableConfig config;
    private final FeatureCounts counts;
    private final TableSources sources;
    private final RunReporter reporter;

    /**
     * @param counts of the training split
     * @param sources of tables that need more
     */
    HashBuilder(SparkSession spark, RunConfig run, FeatureCounts counts, TableSources sources, RunReporter reporter) {
        this.spark = spark;
        this.model = run.model();
        this.config = run.table();
        this.counts = counts;
        this.sources = sources;
        this.reporter = reporter;
    }

    /**
     * Builds.
     *
     * @param others layers that have a hash already
     * @return the hashes, each with its layers; none where all layers learn their routes
     */
    List<SharedHash> build(Collection<Integer> others) {
        Map<Integer, List<Integer>> layersOfSegments = new LinkedHashMap<>();
        List<SharedHash> hashes = new ArrayList<>();
        int tables = 0;
        for (int layer : model.sparseLayers()) {
            if (!(model.router(layer) instanceof HashConfig hash)) {
                continue;
            }
            int firstTable = tables; // a layer that has a hash already has had its numbers, too
            tables += hash.segments();
            if (others.contains(layer)) {
                continue;
            }
            if (config.tableOfEachLayer()) {
                hashes.add(new SharedHash(hash(firstTable, hash.segments(), layer), List.of(layer)));
            } else {
                layersOfSegments
                        .computeIfAbsent(hash.segments(), none -> new ArrayList<>())
                        .add(layer);
            }
        }
        layersOfSegments.forEach(
                (segments, layers) -> hashes.add(new SharedHash(hash(0, segments, layers.get(0)), layers)));
        return hashes;
    }

    /**
     * @param firstTable number of the first of its tables, which all differ
     * @param layer that it is for, or the first of several
     */
    private ExpertHash hash(int firstTable, int segments, int layer) {
        List<TokenHash> parts = IntStream.range(firstTable, firstTable + segments)
                .mapToObj(number -> new TokenHash(config.feature(), table(number, layer)))
                .toList();
        return segments == 1 ? parts.get(0) : new MultiHash(parts);
    }

    private ExpertTable table(int number, int layer) {
        long[] ofValues = counts.of(config.feature());
        int experts = model.numExperts();
        return switch (config.kind()) {
            case CLUSTERED -> ExpertTable.clustered(clusters(), experts);
            case DISPERSED -> ExpertTable.dispersed(clusters(), ofValues, experts);
            case TID2EID -> sources.tables().get(number);
            case FILE -> fileOf(layer).read(model, ofValues.length);
            case BALANCED, RANDOM, MODULO -> config.build(model, ofValues, number);
        };
    }

    private TableFile fileOf(int layer) {
        return new TableFile(
                spark.sparkContext().hadoopConfiguration(),
                config.file().replace(TableConfig.LAYER, Integer.toString(layer)));
    }

    /** Cluster of each token; there are as many clusters as experts. */
    private int[] clusters() {
        TrainedModel trained = sources.clustered().orElseThrow();
        reporter.note("clustering the tokens by the embeddings of " + trained);
        int[] clusters = TokenClusters.of(spark, trained, model.numExperts(), config.seed());
        reporter.note(TokenClusters.describe(clusters, model.numExperts()));
        return clusters;
    }
}
