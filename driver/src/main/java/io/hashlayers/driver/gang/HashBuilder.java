package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
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
import org.apache.hadoop.conf.Configuration;

/** Builds the hashes of a run's layers from the counts of its training text: one for all of them, or one for each. */
final class HashBuilder {
    private final ModelConfig model;
    private final TableConfig config;
    private final FeatureCounts counts;
    private final Configuration hadoop;

    HashBuilder(RunConfig config, FeatureCounts counts, Configuration hadoop) {
        this.model = config.model();
        this.config = config.table();
        this.counts = counts;
        this.hadoop = hadoop;
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
            if (others.contains(layer) || !(model.router(layer) instanceof HashConfig hash)) {
                continue;
            }
            if (config.tableOfEachLayer()) {
                hashes.add(new SharedHash(hash(tables, hash.segments(), layer), List.of(layer)));
                tables += hash.segments();
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
                .mapToObj(table -> new TokenHash(config.feature(), table(table, segments, layer)))
                .toList();
        return segments == 1 ? parts.get(0) : new MultiHash(parts);
    }

    private ExpertTable table(int number, int segments, int layer) {
        long[] ofText = counts.of(config.feature());
        if (config.kind() != TableConfig.Kind.FILE) {
            return config.build(model, ofText, number);
        }
        if (segments > 1) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.table-file holds one table but moe.segments = %d hashes need one each; set moe.segments to 1"
                            .formatted(segments));
        }
        return new TableFile(hadoop, config.file().replace(TableConfig.LAYER, Integer.toString(layer)))
                .read(model, ofText.length);
    }
}
