package io.hashlayers.worker.parameter;

/** Derives seeds that have nothing to do with each other from one seed, with the mixer of SplitMix64 (Steele et al. 2014). */
public final class Seeds {
    private Seeds() {}

    /** A seed for what is called {@code name}. */
    public static long of(long seed, String name) {
        long mixed = mix(seed);
        for (int i = 0; i < name.length(); i++) {
            mixed = mix(mixed ^ name.charAt(i));
        }
        return mixed;
    }

    /** A seed for the pair of two numbers. */
    public static long of(long seed, long first, long second) {
        return mix(mix(mix(seed) ^ first) ^ second);
    }

    private static long mix(long x) {
        long z = x + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
