package io.hashlayers.driver.compare;

import io.hashlayers.worker.transformer.ParameterLayout;

/** What variants must have in common to be compared fairly. */
public enum Equality {
    /** Nothing; the study compares sizes. */
    NONE("nothing", 0) {
        @Override
        long of(ParameterLayout layout) {
            return 0;
        }
    },
    /** Weights that a token is multiplied with; a learned router's own few are within the tolerance. */
    ACTIVE_FLOPS("weights that multiply a token", 0.02) {
        @Override
        long of(ParameterLayout layout) {
            return layout.multipliedWeights();
        }
    },
    /** Parameters of the whole model. */
    PARAMETERS("parameters", 0.02) {
        @Override
        long of(ParameterLayout layout) {
            return layout.totalParameters();
        }
    };

    private final String what;
    private final double tolerance;

    Equality(String what, double tolerance) {
        this.what = what;
        this.tolerance = tolerance;
    }

    /** The quantity of a model that must be equal. */
    abstract long of(ParameterLayout layout);

    /** Whether two quantities count as equal. */
    boolean holds(long one, long other) {
        return Math.abs(one - other) <= tolerance * Math.max(one, other);
    }

    /** For sentences. */
    public String what() {
        return what;
    }
}
