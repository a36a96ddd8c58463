package io.hashlayers.sharding.testing.fuzz;

/** A reader under test. */
@FunctionalInterface
public interface FuzzTarget {
    /**
     * Reads an input whole, as the program would.
     *
     * @throws Exception what the reader throws
     */
    void read(byte[] input) throws Exception;
}
