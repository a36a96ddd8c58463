package io.hashlayers.worker.router;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.collective.Collective;
import java.util.Arrays;
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
    private final double[] sums; // [W kinds], for the exchange; whole numbers are exact in it
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
        this.sums = new double[setup.worldSize() * kinds];
        this.counts = new int[setup.worldSize()][kinds];
    }

    /**
     * Tells all ranks this rank's counts, which all call it together.
     *
     * @param mine rows of each kind, [kinds]
     * @return those of all ranks, [W][kinds]; valid until the next call
     */
    int[][] exchange(int[] mine) {
        Arrays.fill(sums, 0);
        int start = collective.rank() * kinds;
        for (int kind = 0; kind < kinds; kind++) {
            sums[start + kind] = mine[kind];
        }
        collective.allReduce(sums);
        for (int i = 0; i < sums.length; i++) {
            counts[i / kinds][i % kinds] = (int) sums[i];
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
