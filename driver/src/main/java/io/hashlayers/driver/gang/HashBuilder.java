package io.hashlayers.driver.gang;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Builds the hashes of a run's layers from the counts of its training text: one for all of them, or one for each. */
final class HashBuilder {
    private final ModelConfig model;
    private final TableConfig config;
    private final FeatureCounts counts;

    HashBuilder(RunConfig config, FeatureCounts counts) {
        this.model = config.model();
        this.config = config.table();
        this.counts = counts;
    }

    /** The hashes, each with its layers; none where all layers learn their routes. */
    List<SharedHash> build() {
        Map<Integer, List<Integer>> layersOfSegments = new LinkedHashMap<>();
        List<SharedHash> hashes = new ArrayList<>();
        int tables = 0;
        for (int layer : model.sparseLayers()) {
            if (!(model.router(layer) instanceof HashConfig hash)) {
                continue;
            }
            if (config.perLayer()) {
                hashes.add(new SharedHash(hash(tables, hash.segments()), List.of(layer)));
                tables += hash.segments();
            } else {
                layersOfSegments
                        .computeIfAbsent(hash.segments(), none -> new ArrayList<>())
                        .add(layer);
            }
        }
        layersOfSegments.forEach((segments, layers) -> hashes.add(new SharedHash(hash(0, segments), layers)));
        return hashes;
    }

    /**
     * @param firstTable number of the first of its tables, which all differ
     */
    private ExpertHash hash(int firstTable, int segments) {
        List<TokenHash> parts = IntStream.range(firstTable, firstTable + segments)
                .mapToObj(this::part)
                .toList();
        return segments == 1 ? parts.get(0) : new MultiHash(parts);
    }

    private TokenHash part(int table) {
        return new TokenHash(config.feature(), config.build(model, counts.of(config.feature()), table));
    }
}
