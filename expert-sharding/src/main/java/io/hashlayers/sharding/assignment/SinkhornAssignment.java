package io.hashlayers.sharding.assignment;

import java.util.Arrays;

/**
 * Assigns as many rows to every expert by entropy-regularized transport (Cuturi, Sinkhorn distances, 2013; as a router: Clark et
 * al., Unified scaling laws for routed language models, 2022, S-BASE), rounded.
 *
 * <p>The plan {@code P [R, E]} is sought that maximizes {@code sum_re P_re s_re + t H(P)}, {@code H} the entropy, with rows that
 * sum up to 1 and columns that sum up to {@code R / E}. It has the form {@code P_re = u_r exp(s_re / t) v_e}; {@code u} and
 * {@code v} are found by fitting the sums of rows and of columns in turn, a fixed number of times. Columns come last, so their
 * sums are right, and those of rows as nearly as the iterations got.
 *
 * <p>Rounding takes the entries of the plan from the largest to the smallest and gives a row to an expert if it has none yet and
 * the expert has room. There is no bound on what this loses against the best assignment; it takes the same time for every
 * batch, which the auction does not.
 */
public final class SinkhornAssignment implements BalancedAssignment {
    /** Less would overflow: {@code u} and {@code v} reach about {@code exp(2 / t)}. */
    private static final double LEAST_TEMPERATURE = 0.005;

    private final UnitScores scores;
    private final int iterations;
    private final double temperature;
    private final int seatsPerExpert;
    private final Seats seats;
    private final double[] plan; // [R, E] exp(s / t), in the end the plan
    private final double[] rowFactors; // [R] u
    private final double[] expertFactors; // [E] v
    private final double[] expertSums; // [E]
    private final int[] waiting; // [R] rows without an expert
    private int rounds;

    /**
     * Allocates for batches of one size.
     *
     * @param rows {@code R}, a multiple of {@code experts}
     * @param experts {@code E}
     * @param iterations times that the sums of rows and of columns are fitted, at least 1
     * @param temperature {@code t} in parts of the widest range of one row's scores, at least 0.005; the smaller, the nearer to the
     *     best assignment and the more iterations it takes
     * @throws IllegalArgumentException if a number is out of range or the rows cannot be dealt evenly
     */
    public SinkhornAssignment(int rows, int experts, int iterations, double temperature) {
        if (iterations < 1 || !(temperature >= LEAST_TEMPERATURE) || temperature == Double.POSITIVE_INFINITY) {
            throw new IllegalArgumentException(
                    "%d iterations at temperature %s; there must be at least 1, at %s or more"
                            .formatted(iterations, temperature, LEAST_TEMPERATURE));
        }
        this.scores = new UnitScores(rows, experts);
        this.iterations = iterations;
        this.temperature = temperature;
        this.seatsPerExpert = rows / experts;
        this.seats = new Seats(experts, seatsPerExpert);
        this.plan = new double[rows * experts];
        this.rowFactors = new double[rows];
        this.expertFactors = new double[experts];
        this.expertSums = new double[experts];
        this.waiting = new int[rows];
    }

    @Override
    public void assign(float[] scores, int[] expertOfRow) {
        if (expertOfRow.length != rowFactors.length) {
            throw new IllegalArgumentException(
                    "room for the experts of " + expertOfRow.length + " rows, there are " + rowFactors.length);
        }
        this.scores.read(scores);
        fit();
        round();
        seats.copyTo(expertOfRow);
    }

    /** Returns the passes of rounding through the rows without an expert that the last call took. */
    @Override
    public int rounds() {
        return rounds;
    }

    /** Returns the part of a row that the plan of the last call, before rounding, gave to an expert. */
    double planned(int row, int expert) {
        return plan[row * expertFactors.length + expert];
    }

    private void fit() {
        for (int i = 0; i < plan.length; i++) {
            plan[i] = Math.exp(scores.values[i] / temperature);
        }
        Arrays.fill(expertFactors, 1);
        for (int iteration = 0; iteration < iterations; iteration++) {
            fitRowsThenExperts();
        }
        int experts = expertFactors.length;
        for (int row = 0; row < rowFactors.length; row++) {
            for (int e = 0; e < experts; e++) {
                plan[row * experts + e] *= rowFactors[row] * expertFactors[e];
            }
        }
    }

    private void fitRowsThenExperts() {
        int experts = expertFactors.length;
        Arrays.fill(expertSums, 0);
        for (int row = 0; row < rowFactors.length; row++) {
            int first = row * experts;
            double sum = 0;
            for (int e = 0; e < experts; e++) {
                sum += plan[first + e] * expertFactors[e];
            }
            double factor = 1 / sum;
            rowFactors[row] = factor;
            for (int e = 0; e < experts; e++) {
                expertSums[e] += factor * plan[first + e];
            }
        }
        for (int e = 0; e < experts; e++) {
            expertFactors[e] = seatsPerExpert / expertSums[e];
        }
    }

    /**
     * Rows ask for the seat with the largest entry that they can have, and lose it to a row with a larger one. The outcome is that
     * of taking all entries in falling order, without sorting them: in both, no row and expert with a larger entry than what
     * either has could be joined.
     */
    private void round() {
        seats.clear();
        rounds = 0;
        int left = waiting.length;
        Arrays.setAll(waiting, row -> row);
        while (left > 0) {
            int losers = 0;
            for (int i = 0; i < left; i++) {
                int loser = ask(waiting[i]);
                if (loser >= 0) {
                    waiting[losers++] = loser;
                }
            }
            left = losers;
            rounds++;
        }
    }

    /** Returns the row that loses its seat, or -1. */
    private int ask(int row) {
        int first = row * expertFactors.length;
        int expert = -1;
        for (int e = 0; e < expertFactors.length; e++) {
            double entry = plan[first + e];
            if ((expert < 0 || entry > plan[first + expert]) && (!seats.full(e) || entry > seats.lowestBid(e))) {
                expert = e;
            }
        }
        if (seats.full(expert)) {
            return seats.takeLowest(expert, row, plan[first + expert]);
        }
        seats.take(expert, row, plan[first + expert]);
        return -1;
    }
}
