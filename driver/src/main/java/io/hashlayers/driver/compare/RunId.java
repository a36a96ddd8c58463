package io.hashlayers.driver.compare;

/** A run of a study: a variant with a seed. */
public record RunId(String variant, long seed) {
    /** Its folder inside that of the study. */
    public String folder() {
        return "runs/" + variant + "/seed-" + seed;
    }

    @Override
    public String toString() {
        return variant + ", seed " + seed;
    }
}
