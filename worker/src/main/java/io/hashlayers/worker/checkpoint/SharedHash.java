package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.hash.ExpertHash;
import java.util.List;

/**
 * A hash and the layers that route by it.
 *
 * @param layers indices of blocks, ascending
 */
public record SharedHash(ExpertHash hash, List<Integer> layers) {
    public SharedHash {
        layers = List.copyOf(layers);
    }
}
