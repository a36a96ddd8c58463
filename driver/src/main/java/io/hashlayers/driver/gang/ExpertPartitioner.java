package io.hashlayers.driver.gang;

import io.hashlayers.sharding.placement.ExpertPlacement;
import org.apache.spark.Partitioner;

/**
 * An {@link ExpertPlacement} as Spark knows it: what belongs to an expert goes to the partition of its rank. Keys are experts
 * as {@link Integer}, or keys of planned traffic.
 */
public final class ExpertPartitioner extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final ExpertPlacement placement;

    public ExpertPartitioner(ExpertPlacement placement) {
        this.placement = placement;
    }

    @Override
    public int numPartitions() {
        return placement.worldSize();
    }

    @Override
    public int getPartition(Object key) {
        if (key instanceof TrafficKey traffic) {
            return placement.rankOf(traffic.expert());
        }
        if (key instanceof Integer expert) {
            return placement.rankOf(expert);
        }
        throw new IllegalArgumentException("the key " + key + " names no expert");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ExpertPartitioner that && placement.equals(that.placement);
    }

    @Override
    public int hashCode() {
        return placement.hashCode();
    }
}
