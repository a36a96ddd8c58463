package io.hashlayers.driver.chaos;

/** Hears how a campaign goes. */
public interface ChaosReporter {
    void say(String sentence);

    /** A fault is over. */
    void struck(FaultOutcome outcome, int number, int total);
}
