package io.hashlayers.worker.router;

import java.util.Arrays;

/** Sums over what a router did in training on one rank; those of all ranks can be added. */
public final class RouterStatistics {
    /** Place of the choices that rows made: k for each. */
    public static final int CHOICES = 0;

    /** Place of the choices that were beyond the capacity of their expert. */
    public static final int DROPPED = 1;

    /** Place of the sum of the gates of the others. */
    public static final int GATES = 2;

    /** Place of the balance loss, without its weight: parts of ranks, added up over micro-batches. */
    public static final int BALANCE = 3;

    /** Place of the rounds that assignments took. */
    public static final int ROUNDS = 4;

    /** Place of the number of assignments. */
    public static final int ASSIGNMENTS = 5;

    /** Numbers in all. */
    public static final int SIZE = 6;

    private final double[] sums = new double[SIZE];
    private final long[] chosen; // choices of each expert, if the router notes them
    private boolean notesChoices;

    RouterStatistics(int numExperts) {
        this.chosen = new long[numExperts];
    }

    /** Of a router that notes nothing. */
    RouterStatistics() {
        this(0);
    }

    /** Clears all sums. */
    public void clear() {
        Arrays.fill(sums, 0);
        Arrays.fill(chosen, 0);
    }

    /**
     * Adds how often this rank's rows chose each expert, whether it had room or not, to {@code loads[offset ...]}.
     *
     * @return false if the router does not note that, because a choice is a row that the expert gets
     */
    public boolean addChoicesTo(double[] loads, int offset) {
        for (int expert = 0; expert < chosen.length; expert++) {
            loads[offset + expert] += chosen[expert];
        }
        return notesChoices;
    }

    /**
     * Notes the choices of a micro-batch.
     *
     * @param counts of each (choice, expert), [k E]
     */
    void noteChoices(int[] counts) {
        notesChoices = true;
        for (int i = 0; i < counts.length; i++) {
            chosen[i % chosen.length] += counts[i];
        }
    }

    /** Adds these sums to {@code total[offset ...]}. */
    public void addTo(double[] total, int offset) {
        for (int i = 0; i < SIZE; i++) {
            total[offset + i] += sums[i];
        }
    }

    /** Notes a micro-batch of this rank: choices made, those beyond the capacity of their expert, and the gates of the others. */
    void note(int choices, int dropped, double gates) {
        sums[CHOICES] += choices;
        sums[DROPPED] += dropped;
        sums[GATES] += gates;
    }

    /** Notes this rank's part of a balance loss, without its weight; micro-batches and ranks add up to one a step. */
    void noteBalance(double part) {
        sums[BALANCE] += part;
    }

    /** Notes assignments that took so many rounds together. */
    void noteAssignments(int count, int rounds) {
        sums[ROUNDS] += rounds;
        sums[ASSIGNMENTS] += count;
    }
}
