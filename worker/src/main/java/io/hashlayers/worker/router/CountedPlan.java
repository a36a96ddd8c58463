package io.hashlayers.worker.router;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import java.util.function.IntBinaryOperator;
import java.util.stream.IntStream;

/**
 * A plan made in the step: since a learned router is known to nobody ahead of it, ranks tell each other how many rows of each kind
 * they have. Allocates nothing after its making.
 */
final class CountedPlan {
    private final Collective collective;
    private final ShufflePlan plan;
    private final int[][] expertsOf; // [W][] of each rank
    private final int[] localExperts;
    private final int[][] receives; // [W][L]
    private final int kinds;
    private final int[] gathered; // [W kinds]
    private final int[][] counts; // [W][kinds]

    /**
     * @param kinds of rows that are counted
     */
    CountedPlan(RouterSetup setup, int kinds) {
        this.collective = setup.collective();
        this.plan = new ShufflePlan(
                setup.placement(), setup.rank(), setup.rows(), setup.expertsPerToken(), setup.receiveCapacity());
        ExpertPlacement placement = setup.placement();
        this.expertsOf = IntStream.range(0, setup.worldSize())
                .mapToObj(placement::expertsOf)
                .toArray(int[][]::new);
        this.localExperts = expertsOf[setup.rank()];
        this.receives = new int[setup.worldSize()][localExperts.length];
        this.kinds = kinds;
        this.gathered = new int[setup.worldSize() * kinds];
        this.counts = new int[setup.worldSize()][kinds];
    }

    /**
     * Tells all ranks this rank's counts, which all call it together.
     *
     * @param mine rows of each kind, [kinds]
     * @return those of all ranks, [W][kinds]; valid until the next call
     */
    int[][] exchange(int[] mine) {
        collective.allGather(mine, gathered);
        for (int rank = 0; rank < counts.length; rank++) {
            System.arraycopy(gathered, rank * kinds, counts[rank], 0, kinds);
        }
        return counts;
    }

    /**
     * Plans the exchange of a batch.
     *
     * @param experts of each (row, choice), [R k]
     * @param rows that a rank (first argument) sends to an expert (second)
     */
    ShufflePlan fill(int[] experts, IntBinaryOperator rows) {
        return fill(experts, rows, 1);
    }

    /**
     * Plans the exchange of a batch in as few rounds as bring no rank more rows at once than it has room for.
     *
     * @param experts of each (row, choice), [R k]
     * @param rows to each expert of all ranks, [W][E], as {@link #exchange} returned them
     * @param roomOfAnExpert rows that every rank has room for, for each of its experts; at least one of each rank
     */
    ShufflePlan fillInRounds(int[] experts, int[][] rows, int roomOfAnExpert) {
        int rounds = 1;
        while (!fits(rows, rounds, roomOfAnExpert)) {
            rounds++;
        }
        return fill(experts, (rank, expert) -> rows[rank][expert], rounds);
    }

    /** The same for all ranks, who must agree. */
    private boolean fits(int[][] rows, int rounds, int roomOfAnExpert) {
        for (int rank = 0; rank < expertsOf.length; rank++) {
            int[] experts = expertsOf[rank];
            long most = 0;
            for (int expert : experts) {
                for (int[] ofPeer : rows) {
                    most += (ofPeer[expert] + rounds - 1) / rounds;
                }
            }
            if (most > (long) roomOfAnExpert * experts.length) {
                return false;
            }
        }
        return true;
    }

    private ShufflePlan fill(int[] experts, IntBinaryOperator rows, int rounds) {
        for (int peer = 0; peer < receives.length; peer++) {
            for (int local = 0; local < localExperts.length; local++) {
                receives[peer][local] = rows.applyAsInt(peer, localExperts[local]);
            }
        }
        plan.fill(experts, receives, rounds);
        return plan;
    }
}
