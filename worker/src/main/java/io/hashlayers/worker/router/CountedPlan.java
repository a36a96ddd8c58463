package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import java.util.function.IntBinaryOperator;

/**
 * A plan made in the step: since a learned router is known to nobody ahead of it, ranks tell each other how many rows of each kind
 * they have. Allocates nothing after its making.
 */
final class CountedPlan {
    private final Collective collective;
    private final ShufflePlan plan;
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
        this.localExperts = setup.placement().expertsOf(setup.rank());
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
        for (int peer = 0; peer < receives.length; peer++) {
            for (int local = 0; local < localExperts.length; local++) {
                receives[peer][local] = rows.applyAsInt(peer, localExperts[local]);
            }
        }
        plan.fill(experts, receives);
        return plan;
    }
}
