package io.hashlayers.driver.compare;

import java.util.List;

/**
 * What was known of a run before and while it trained, and stands in no other file of it.
 *
 * @param expertLoads rows of each expert on the training text, [E]; empty if no table says it
 * @param exchangedBytes that a step sends between ranks for experts, as planned; negative if no plan says it
 * @param hosts of the ranks
 * @param kernels that computed
 */
public record RunFacts(List<Long> expertLoads, double exchangedBytes, List<String> hosts, List<String> kernels) {
    public RunFacts {
        expertLoads = List.copyOf(expertLoads);
        hosts = List.copyOf(hosts);
        kernels = List.copyOf(kernels);
    }
}
