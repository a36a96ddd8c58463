package io.hashlayers.sharding.shuffle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rounds against the exchange of all rows at once. */
class ShuffleRoundTest {
    private static final int SEEDS = 40;

    /** A send slot of a rank. */
    private record Slot(int rank, int slot) {}

    @RandomSeeds(SEEDS)
    void allRoundsTogetherAreTheWholeExchange(long seed) {
        var batch = new NaiveShuffle(seed);
        List<ShufflePlan> whole = batch.plans();
        for (int rounds : new int[] {1, 2, 3, 7, 1000}) {
            List<ShufflePlan> plans = inRounds(batch, rounds);

            Set<Slot> sent = new HashSet<>();
            Map<List<Integer>, List<Integer>> inputs = new TreeMap<>(ShuffleRoundTest::compare);
            for (int i = 0; i < rounds; i++) {
                exchange(plans, i, sent, inputs);
            }

            assertThat(sent)
                    .hasSize(whole.stream().mapToInt(ShufflePlan::sendRowsTotal).sum());
            assertThat(inputs).isEqualTo(inputs(whole));
        }
    }

    /** Carries one round out: notes each slot that leaves once, and what each (expert, peer) gets in order. */
    private static void exchange(
            List<ShufflePlan> plans, int number, Set<Slot> sent, Map<List<Integer>, List<Integer>> inputs) {
        List<ShuffleRound> rounds = plans.stream().map(ShuffleRound::new).toList();
        rounds.forEach(round -> round.moveTo(number));
        for (int to = 0; to < plans.size(); to++) {
            Set<Integer> taken = new HashSet<>();
            for (int from = 0; from < plans.size(); from++) {
                for (int local = 0; local < plans.get(to).localExperts(); local++) {
                    int rows = rounds.get(to).receiveRows(from, local);
                    assertThat(rounds.get(from).sendRows(to, local)).isEqualTo(rows);
                    assertThat(rows)
                            .isLessThanOrEqualTo(ShuffleRound.most(
                                    plans.get(to).receiveRows(from, local),
                                    plans.get(to).rounds()));
                    for (int i = 0; i < rows; i++) {
                        int slot = rounds.get(from).sendStart(to, local) + i;
                        assertThat(sent.add(new Slot(from, slot))).isTrue();
                        int row = rounds.get(to).receiveStart(from, local) + i;
                        assertThat(taken.add(row)).isTrue();
                        int inExpert = row - rounds.get(to).expertStart(local);
                        assertThat(inExpert).isBetween(0, rounds.get(to).expertRows(local) - 1);
                        inputs.computeIfAbsent(List.of(to, local, from), none -> new ArrayList<>())
                                .add(slot);
                    }
                }
            }
            assertThat(taken)
                    .isEqualTo(new HashSet<>(
                            IntStream.range(0, taken.size()).boxed().toList()));
        }
    }

    private static Map<List<Integer>, List<Integer>> inputs(List<ShufflePlan> plans) {
        Map<List<Integer>, List<Integer>> inputs = new TreeMap<>(ShuffleRoundTest::compare);
        for (int to = 0; to < plans.size(); to++) {
            for (int from = 0; from < plans.size(); from++) {
                int slot = plans.get(from).sendStart(to);
                for (int local = 0; local < plans.get(to).localExperts(); local++) {
                    int rows = plans.get(to).receiveRows(from, local);
                    if (rows > 0) {
                        inputs.put(
                                List.of(to, local, from),
                                IntStream.range(slot, slot + rows).boxed().toList());
                    }
                    slot += rows;
                }
            }
        }
        return inputs;
    }

    private static int compare(List<Integer> a, List<Integer> b) {
        return a.toString().compareTo(b.toString());
    }

    private static List<ShufflePlan> inRounds(NaiveShuffle batch, int rounds) {
        return IntStream.range(0, batch.placement.worldSize())
                .mapToObj(rank -> {
                    ShufflePlan plan = batch.emptyPlan(rank);
                    plan.fill(batch.experts[rank], batch.receiveCounts(rank), rounds);
                    return plan;
                })
                .toList();
    }

    @Test
    void theRoomIsThatOfARound() {
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(2, 1), 0, 10, 1, 6);
        int[] experts = {0, 0, 0, 0, 0, 0, 0, 1, 1, 1};
        int[][] counts = {{7, 3}};

        assertThatThrownBy(() -> plan.fill(experts, counts))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("would receive 10 rows and has room for 6");
        plan.fill(experts, counts, 2);

        assertThat(plan.rounds()).isEqualTo(2);
        var round = new ShuffleRound(plan);
        round.moveTo(1);
        assertThat(round.expertRows(0)).isEqualTo(4);
        assertThat(round.expertStart(1)).isEqualTo(4);
        assertThat(round.expertRows(1)).isEqualTo(2);
        assertThat(round.sendStart(0, 1)).isEqualTo(8);
    }
}
