package io.hashlayers.worker.train;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/** Where a learned router sent the rows of a text. A class and no record, since those do not hold arrays. */
public final class LearnedRoutes implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int layer;
    private final int[] experts; // [V, k]
    private final long agreeing;
    private final List<Long> loads;

    LearnedRoutes(int layer, RouteCounts counts, int expertsPerToken) {
        this.layer = layer;
        this.experts = counts.mostFrequent(expertsPerToken);
        this.agreeing = counts.agreeing(experts, expertsPerToken);
        this.loads = Arrays.stream(counts.loads()).boxed().toList();
    }

    /** Index of the block. */
    public int layer() {
        return layer;
    }

    /** The experts that each token went to most often, [V, k] row-major; -1 for those of a token that occurred nowhere. */
    public int[] experts() {
        return experts.clone();
    }

    /** Rows of each expert, [E]; a token is k rows. */
    public List<Long> loads() {
        return loads;
    }

    /** Rows of all experts. */
    public long rows() {
        return loads.stream().mapToLong(Long::longValue).sum();
    }

    /** Rows that went to one of the {@link #experts} of their token. */
    public long agreeing() {
        return agreeing;
    }
}
