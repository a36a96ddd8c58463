package io.hashlayers.driver.compare;

import java.util.Optional;

/** How a run of a study ended. */
public sealed interface RunOutcome {
    ResolvedRun run();

    /** What is kept of a finished run. */
    Optional<RunRecord> record();

    /** Why there is no result; empty if there is one. */
    String failure();

    /** How often it was started in all. */
    int attempts();

    /**
     * It reached its last step.
     *
     * @param kept whether it had done so before the study was started
     */
    record Finished(ResolvedRun run, RunRecord result, boolean kept) implements RunOutcome {
        @Override
        public Optional<RunRecord> record() {
            return Optional.of(result);
        }

        @Override
        public String failure() {
            return "";
        }

        @Override
        public int attempts() {
            return result.attempts();
        }
    }

    /** It has no result. */
    record Failed(ResolvedRun run, String failure, int attempts, int exitCode) implements RunOutcome {
        @Override
        public Optional<RunRecord> record() {
            return Optional.empty();
        }
    }
}
