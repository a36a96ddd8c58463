package io.hashlayers.sharding.shuffle;

/** Where the inputs of a rank's experts lie among the rows that it received: one run of rows for each. */
public interface ExpertRows {
    /** Returns {@code L}, the number of experts of this rank; may be 0. */
    int localExperts();

    /** Returns the first received row of an expert's input. */
    int expertStart(int localExpert);

    /** Returns the number of rows, one run, of an expert's input; may be 0. */
    int expertRows(int localExpert);
}
