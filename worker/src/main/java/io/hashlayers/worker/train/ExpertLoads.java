package io.hashlayers.worker.train;

import java.io.Serializable;
import java.util.List;

/**
 * How busy the experts of one layer were.
 *
 * @param layer index of the block
 * @param rows of each expert, [E]
 */
public record ExpertLoads(int layer, List<Long> rows) implements Serializable {
    public ExpertLoads {
        rows = List.copyOf(rows);
    }
}
