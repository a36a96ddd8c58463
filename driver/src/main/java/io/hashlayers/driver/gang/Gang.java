package io.hashlayers.driver.gang;

import java.io.Serializable;
import java.util.List;

/**
 * The ranks of a run as they met.
 *
 * @param hosts where each rank runs, [W]
 * @param kernels what computes on each rank, [W]
 */
public record Gang(List<String> hosts, List<String> kernels) implements Serializable {
    public Gang {
        hosts = List.copyOf(hosts);
        kernels = List.copyOf(kernels);
    }

    /** {@code W}. */
    public int worldSize() {
        return hosts.size();
    }
}
