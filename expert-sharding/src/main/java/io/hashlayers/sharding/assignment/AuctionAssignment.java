package io.hashlayers.sharding.assignment;

import java.util.Arrays;

/**
 * Assigns as many rows to every expert by an auction, close to the largest possible sum of scores (Bertsekas, Auction algorithms
 * for network flow problems, 1992; the variant for similar objects, Bertsekas and Castanon 1989, with the seats of an expert
 * as such).
 *
 * <p>A row without a seat bids for the expert that it gains most from, {@code max_e s_re - p_e}: so much that the second best
 * expert would be better by {@code eps} at that price. It takes a free seat, or that of the lowest bid, whose row then bids
 * anew. The price {@code p_e} is the lowest bid that holds a seat, once all seats are taken, and until then what it was at the
 * start. Prices only rise, so that every row with a seat gains within {@code eps} of its best at the present prices, and when all
 * have one,
 *
 * <pre>
 * sum of scores  &gt;=  sum_r max_e (s_re - p_e) + R/E sum_e p_e - R eps  &gt;=  the largest possible sum - R eps
 * </pre>
 *
 * by linear programming duality: for any prices the first two terms of the middle are not less than the largest sum.
 *
 * <p>Bidding is repeated with a smaller and smaller {@code eps}, each time from the prices before, which takes fewer bids than the
 * last {@code eps} alone would. Every repetition ends: nobody bids for an expert that is dearer by more than the range of its
 * scores than one with free seats, and every bid is dearer by {@code eps}. The time is bounded as well: if a batch takes
 * too many bids, the result is that of the {@code eps} before, with its bound; {@link #epsilon} tells which it was.
 */
public final class AuctionAssignment implements BalancedAssignment {
    /** First, last and factor of {@code eps} in parts of the widest range of one row's scores. */
    private static final float FIRST_EPSILON = 1 / 4f;

    private static final float LAST_EPSILON = 1 / 4096f;
    private static final float EPSILON_STEP = 4;

    /**
     * A batch that takes more bids for each row is not worth their time; hidden states and other scores that we tried take 7 to 26.
     * The first {@code eps} takes 5 at most, since no price exceeds 1 + eps.
     */
    private static final int BIDS_PER_ROW = 256;

    private final long mostBids;
    private final UnitScores scores;
    private final Seats seats;
    private final float[] prices; // [E] at present
    private final float[] lastPrices; // [E] when all rows had a seat
    private final int[] waiting; // [R] rows without a seat
    private long bids;
    private int rounds;
    private float epsilon;

    /**
     * Allocates for batches of one size.
     *
     * @param rows {@code R}, a multiple of {@code experts}
     * @param experts {@code E}
     * @throws IllegalArgumentException if a number is less than 1 or the rows cannot be dealt evenly
     */
    public AuctionAssignment(int rows, int experts) {
        this(rows, experts, BIDS_PER_ROW);
    }

    AuctionAssignment(int rows, int experts, int bidsPerRow) {
        this.mostBids = (long) bidsPerRow * rows;
        this.scores = new UnitScores(rows, experts);
        this.seats = new Seats(experts, rows / experts);
        this.prices = new float[experts];
        this.lastPrices = new float[experts];
        this.waiting = new int[rows];
    }

    @Override
    public void assign(float[] scores, int[] expertOfRow) {
        if (expertOfRow.length != waiting.length) {
            throw new IllegalArgumentException(
                    "room for the experts of " + expertOfRow.length + " rows, there are " + waiting.length);
        }
        this.scores.read(scores);
        bids = 0;
        rounds = 0;
        Arrays.fill(prices, 0);
        for (float eps = FIRST_EPSILON; eps >= LAST_EPSILON && auction(eps); eps /= EPSILON_STEP) {
            epsilon = eps;
            seats.copyTo(expertOfRow);
            System.arraycopy(prices, 0, lastPrices, 0, prices.length);
        }
    }

    /** Returns the passes through the rows without a seat that the last call took, for all {@code eps} together. */
    @Override
    public int rounds() {
        return rounds;
    }

    /** Returns the bids of the last call, at least one for each row and {@code eps}. */
    public long bids() {
        return bids;
    }

    /**
     * Returns {@code eps} of the last call, in the unit of the scores: the sum of scores is less by {@code R eps} than the largest
     * possible one at most, up to rounding.
     */
    public double epsilon() {
        return epsilon * scores.range();
    }

    /** Returns the price {@code p_e} of an expert at the end of the last call, in the unit of the scores, at least 0. */
    public double price(int expert) {
        return lastPrices[expert] * scores.range();
    }

    /** Lets rows bid until all have a seat. Returns false if that takes too long. */
    private boolean auction(float eps) {
        seats.clear();
        int left = waiting.length;
        Arrays.setAll(waiting, row -> row);
        while (left > 0) {
            if (bids >= mostBids && eps < FIRST_EPSILON) {
                return false;
            }
            int losers = 0;
            for (int i = 0; i < left; i++) {
                int loser = bid(waiting[i], eps);
                if (loser >= 0) {
                    waiting[losers++] = loser;
                }
            }
            bids += left;
            rounds++;
            left = losers;
        }
        return true;
    }

    /** Lets a row bid for a seat. Returns the row that loses its seat to it, or -1. */
    private int bid(int row, float eps) {
        float[] values = scores.values;
        int first = row * prices.length;
        float best = Float.NEGATIVE_INFINITY;
        float second = Float.NEGATIVE_INFINITY;
        int expert = 0;
        for (int e = 0; e < prices.length; e++) {
            float gain = values[first + e] - prices[e];
            if (gain > best) {
                second = best;
                best = gain;
                expert = e;
            } else if (gain > second) {
                second = gain;
            }
        }
        float lead = prices.length == 1 ? 0 : best - second;
        return seat(row, expert, prices[expert] + lead + eps);
    }

    private int seat(int row, int expert, float bid) {
        int loser = -1;
        if (seats.full(expert)) {
            loser = seats.takeLowest(expert, row, bid);
        } else {
            seats.take(expert, row, bid);
        }
        if (seats.full(expert)) {
            prices[expert] = (float) seats.lowestBid(expert); // exact: all bids are floats
        }
        return loser;
    }
}
