package io.hashlayers.driver.chaos;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What came of a campaign.
 *
 * @param faults in order
 * @param differences by number of the run; empty text if it is equal to the undisturbed one to the bit
 */
public record ChaosResult(List<FaultOutcome> faults, SortedMap<Integer, String> differences) {
    public ChaosResult {
        faults = List.copyOf(faults);
        differences = new TreeMap<>(differences);
    }

    /** Whether every run went on after every fault and ended as if nothing had been. */
    public boolean passed() {
        return faults.stream().allMatch(FaultOutcome::recovered)
                && differences.values().stream().allMatch(String::isEmpty);
    }

    /** Runs that did not end as the undisturbed one, with the difference. */
    Map<Integer, String> different() {
        SortedMap<Integer, String> different = new TreeMap<>(differences);
        different.values().removeIf(String::isEmpty);
        return different;
    }
}
