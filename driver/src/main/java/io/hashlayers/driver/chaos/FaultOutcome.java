package io.hashlayers.driver.chaos;

import java.util.List;

/**
 * What came of a fault.
 *
 * @param run number of the run, from 1
 * @param target what was struck
 * @param step the last step that was told before
 * @param secondsToRecover from the fault to the first new step behind it; NaN if there was none in time
 * @param stepsLost steps that were done again
 * @param exitCodes with which commands ended of it, before the same command was given again
 * @param error what the last of these said, empty for none
 */
public record FaultOutcome(
        int run,
        FaultKind kind,
        String target,
        long step,
        double secondsToRecover,
        long stepsLost,
        List<Integer> exitCodes,
        String error) {
    public FaultOutcome {
        exitCodes = List.copyOf(exitCodes);
    }

    /** Whether the run went on. */
    public boolean recovered() {
        return Double.isFinite(secondsToRecover);
    }
}
