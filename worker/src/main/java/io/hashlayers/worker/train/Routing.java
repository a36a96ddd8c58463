package io.hashlayers.worker.train;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How rows find their experts in the sparse layers of a run.
 *
 * @param layers one for each sparse layer, in order
 * @param hashes with their plans, each once
 * @param predictionsDir folder of the predictions that hashes read of each split; empty if none reads any
 */
public record Routing(List<Layer> layers, List<PlannedHash> hashes, String predictionsDir) implements Serializable {
    /** That of a dense model. */
    public static final Routing NONE = new Routing(List.of(), List.of(), "");

    /**
     * One sparse layer.
     *
     * @param placement rank of each expert
     * @param hash index of what it routes by, or {@link #LEARNED}
     */
    public record Layer(ExpertPlacement placement, int hash) implements Serializable {
        /** No hash: where rows go is found in the step. */
        public static final int LEARNED = -1;
    }

    /** Of hashes that read no predictions. */
    public Routing(List<Layer> layers, List<PlannedHash> hashes) {
        this(layers, hashes, "");
    }

    public Routing {
        layers = List.copyOf(layers);
        hashes = List.copyOf(hashes);
    }

    /** The hashes, each with the sparse layers that it routes. */
    public List<SharedHash> sharedHashes(ModelConfig model) {
        return IntStream.range(0, hashes.size())
                .mapToObj(hash -> new SharedHash(hashes.get(hash).hash(), layersOf(hash, model)))
                .toList();
    }

    private List<Integer> layersOf(int hash, ModelConfig model) {
        return IntStream.range(0, layers.size())
                .filter(layer -> layers.get(layer).hash() == hash)
                .mapToObj(model.sparseLayers()::get)
                .toList();
    }

    /**
     * Most rows that a rank receives in one micro-batch and layer: of hashes by their plans, of learned routers by their bounds.
     *
     * @param rows of each rank
     * @param splits that are read
     */
    public int receiveCapacity(ModelConfig model, int rank, int rows, Collection<String> splits) {
        int most = 0;
        for (int i = 0; i < layers.size(); i++) {
            ExpertPlacement placement = layers.get(i).placement();
            most = Math.max(
                    most,
                    model.mixture()
                            .routers()
                            .get(i)
                            .receiveCapacity(
                                    rows,
                                    placement.worldSize(),
                                    model.numExperts(),
                                    placement.expertsOf(rank).length,
                                    model.expertsPerToken()));
        }
        for (PlannedHash hash : hashes) {
            for (String split : splits) {
                most = Math.max(most, hash.plan().split(split).peakRows().get(rank));
            }
        }
        return most;
    }

    /** Experts that a rank holds in all sparse layers together. */
    public int localExperts(int rank) {
        return layers.stream()
                .mapToInt(layer -> layer.placement().expertsOf(rank).length)
                .sum();
    }
}
