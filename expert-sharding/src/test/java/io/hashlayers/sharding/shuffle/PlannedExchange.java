package io.hashlayers.sharding.shuffle;

import java.util.List;

/** Moves numbers as the plans of all ranks say: the all-to-all there, and back, by copying run after run. */
final class PlannedExchange {
    private final List<ShufflePlan> plans;

    PlannedExchange(List<ShufflePlan> plans) {
        this.plans = plans;
    }

    /** Returns what every rank receives, [W][received rows], when send slots hold {@code sent}, [W][sent rows]. */
    long[][] there(long[][] sent) {
        var received =
                plans.stream().map(plan -> new long[plan.receiveRowsTotal()]).toArray(long[][]::new);
        forEachRow((from, slot, to, row) -> received[to][row] = sent[from][slot]);
        return received;
    }

    /** Returns what every rank gets back, [W][sent rows] by send slot, for what it received. */
    long[][] back(long[][] received) {
        var returned =
                plans.stream().map(plan -> new long[plan.sendRowsTotal()]).toArray(long[][]::new);
        forEachRow((from, slot, to, row) -> returned[from][slot] = received[to][row]);
        return returned;
    }

    private void forEachRow(Move move) {
        for (int from = 0; from < plans.size(); from++) {
            for (int to = 0; to < plans.size(); to++) {
                int slot = plans.get(from).sendStart(to);
                for (int local = 0; local < plans.get(to).localExperts(); local++) {
                    int start = plans.get(to).receiveStart(from, local);
                    for (int i = 0; i < plans.get(to).receiveRows(from, local); i++) {
                        move.row(from, slot++, to, start + i);
                    }
                }
            }
        }
    }

    private interface Move {
        void row(int from, int slot, int to, int row);
    }
}
