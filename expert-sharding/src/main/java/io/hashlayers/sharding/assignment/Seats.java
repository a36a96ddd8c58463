package io.hashlayers.sharding.assignment;

import java.util.Arrays;

/**
 * The seats of every expert, as many for each, and which row sits there at what bid. The lowest bid of an expert is known at
 * once: its seats are a binary heap.
 */
final class Seats {
    private final int seats; // of each expert
    private final double[] bids; // [E, seats], of each expert a heap with the lowest bid first
    private final int[] rows; // [E, seats]
    private final int[] taken; // [E]

    Seats(int experts, int seats) {
        this.seats = seats;
        this.bids = new double[experts * seats];
        this.rows = new int[experts * seats];
        this.taken = new int[experts];
    }

    /** Frees all seats. */
    void clear() {
        Arrays.fill(taken, 0);
    }

    boolean full(int expert) {
        return taken[expert] == seats;
    }

    /** Returns the lowest bid for an expert, who has some. */
    double lowestBid(int expert) {
        return bids[expert * seats];
    }

    /** Gives a row a free seat. */
    void take(int expert, int row, double bid) {
        int start = expert * seats;
        int place = taken[expert]++;
        while (place > 0 && bid < bids[start + (place - 1) / 2]) {
            move(start, (place - 1) / 2, place);
            place = (place - 1) / 2;
        }
        put(start + place, row, bid);
    }

    /** Gives a row the seat of the lowest bid and returns the row that sat there. */
    int takeLowest(int expert, int row, double bid) {
        int start = expert * seats;
        int loser = rows[start];
        int place = 0;
        int child = 1;
        while (child < seats) {
            if (child + 1 < seats && bids[start + child + 1] < bids[start + child]) {
                child++;
            }
            if (bid <= bids[start + child]) {
                break;
            }
            move(start, child, place);
            place = child;
            child = 2 * place + 1;
        }
        put(start + place, row, bid);
        return loser;
    }

    /** Writes who sits where, [R], when all seats are taken. */
    void copyTo(int[] expertOfRow) {
        for (int i = 0; i < rows.length; i++) {
            expertOfRow[rows[i]] = i / seats;
        }
    }

    private void move(int start, int from, int to) {
        bids[start + to] = bids[start + from];
        rows[start + to] = rows[start + from];
    }

    private void put(int place, int row, double bid) {
        bids[place] = bid;
        rows[place] = row;
    }
}
