package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BalancedTableTest {
    @Test
    void frequentTokensGetAnExpertOfTheirOwn() {
        long[] counts = {90, 30, 30, 30}; // one frequent token weighs as much as three rare ones

        var table = ExpertTable.balanced(counts, 2, 1);

        assertThat(table.toTid2eid()).containsExactly(0, 1, 1, 1);
        assertThat(table.loads(counts)).containsExactly(90, 90);
    }

    @Test
    void tiesGoToTheLowerTokenAndTheLowerExpert() {
        long[] counts = {5, 8, 5, 8};

        // in turn: token 1 -> expert 0, token 3 -> expert 1, token 0 -> expert 2, token 2 -> expert 2 (5 is the least
        // load)
        assertThat(ExpertTable.balanced(counts, 3, 1).toTid2eid()).containsExactly(2, 0, 2, 1);
    }

    @Test
    void eachTokenGetsTheLeastLoadedExperts() {
        long[] counts = {4, 3, 2, 1};

        // loads after each token: (4, 4, 0), (7, 4, 3), (7, 6, 5), (7, 7, 6)
        var table = ExpertTable.balanced(counts, 3, 2);

        assertThat(table.toTid2eid()).containsExactly(0, 1, 2, 0, 2, 1, 2, 1);
    }

    @RandomSeeds(100)
    void noExpertExceedsGrahamsBound(long seed) {
        var problem = new Problem(seed);

        long[] loads = problem.table().loads(problem.counts);

        double mean = (double) problem.k * Arrays.stream(problem.counts).sum() / problem.numExperts;
        double most = Arrays.stream(problem.counts).max().orElseThrow();
        double bound = mean + (1 - 1.0 / problem.numExperts) * most;
        assertThat((double) Arrays.stream(loads).max().orElseThrow()).isLessThanOrEqualTo(bound * (1 + 1e-12));
    }

    @RandomSeeds(100)
    void loadsDifferByTheLargestCountAtMost(long seed) {
        var problem = new Problem(seed);

        var loads = Arrays.stream(problem.table().loads(problem.counts)).summaryStatistics();

        assertThat(loads.getMax() - loads.getMin())
                .isLessThanOrEqualTo(Arrays.stream(problem.counts).max().orElseThrow());
    }

    @RandomSeeds
    void everyTokenGoesWhereAPlainGreedySearchPutsIt(long seed) {
        var problem = new Problem(seed);

        assertThat(problem.table().toTid2eid()).isEqualTo(plainGreedy(problem));
    }

    @RandomSeeds
    void theOrderOfCountingDoesNotChangeTheLoads(long seed) {
        var problem = new Problem(seed);
        long[] reversed = IntStream.rangeClosed(1, problem.counts.length)
                .mapToLong(i -> problem.counts[problem.counts.length - i])
                .toArray();

        long[] loads = problem.table().loads(problem.counts);

        assertThat(ExpertTable.balanced(reversed, problem.numExperts, problem.k).loads(reversed))
                .isEqualTo(loads);
    }

    @RandomSeeds
    void tokensNeverSeenFillUpTheExpertsWithTheFewestTokens(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(2, 20);
        long[] counts = new long[random.nextInt(50, 400)];
        Arrays.setAll(counts, token -> token < 20 ? random.nextInt(1, 1000) : 0);

        int[] experts = ExpertTable.balanced(counts, numExperts, 1).toTid2eid();

        long[] sizes = tokensOfExperts(experts, numExperts);
        long fewest = Arrays.stream(sizes).min().orElseThrow();
        for (int token = 20; token < counts.length; token++) {
            assertThat(sizes[experts[token]])
                    .as("expert of unseen token %d", token)
                    .isBetween(fewest, fewest + 1);
        }
    }

    @RandomSeeds
    void withoutCountsTokensAreSpreadEvenly(long seed) {
        var random = new SplittableRandom(seed);
        int numExperts = random.nextInt(1, 20);
        int k = random.nextInt(1, numExperts + 1);

        int[] experts = ExpertTable.balanced(new long[random.nextInt(1, 300)], numExperts, k)
                .toTid2eid();

        var sizes = Arrays.stream(tokensOfExperts(experts, numExperts)).summaryStatistics();
        assertThat(sizes.getMax() - sizes.getMin()).isLessThanOrEqualTo(1);
    }

    @Test
    void aNegativeCountNamesTheToken() {
        assertThatThrownBy(() -> ExpertTable.balanced(new long[] {4, -1}, 2, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count of value 1 is negative: -1");
    }

    @Test
    void loadsBeyondLongAreRefused() {
        assertThatThrownBy(() -> ExpertTable.balanced(new long[] {Long.MAX_VALUE, 1}, 1, 1))
                .isInstanceOf(ArithmeticException.class);
    }

    private static long[] tokensOfExperts(int[] experts, int numExperts) {
        var sizes = new long[numExperts];
        Arrays.stream(experts).forEach(expert -> sizes[expert]++);
        return sizes;
    }

    /** The rule in its slowest form: for every choice look at every token or expert that is left. */
    private static int[] plainGreedy(Problem problem) {
        var experts = new int[problem.counts.length * problem.k];
        var done = new boolean[problem.counts.length];
        var loads = new long[problem.numExperts];
        var sizes = new long[problem.numExperts];
        for (int turn = 0; turn < done.length; turn++) {
            int token = firstSmallest(done, negated(problem.counts));
            done[token] = true;
            long[] key = problem.counts[token] > 0 ? loads.clone() : sizes.clone();
            var taken = new boolean[problem.numExperts];
            for (int choice = 0; choice < problem.k; choice++) {
                int expert = firstSmallest(taken, key);
                taken[expert] = true;
                experts[token * problem.k + choice] = expert;
                loads[expert] += problem.counts[token];
                sizes[expert]++;
            }
        }
        return experts;
    }

    private static int firstSmallest(boolean[] excluded, long[] keys) {
        int best = -1;
        for (int i = 0; i < keys.length; i++) {
            if (!excluded[i] && (best < 0 || keys[i] < keys[best])) {
                best = i;
            }
        }
        return best;
    }

    private static long[] negated(long[] values) {
        return Arrays.stream(values).map(value -> -value).toArray();
    }

    /** Counts with many ties, many zeros and now and then a giant. */
    private static final class Problem {
        final int numExperts;
        final int k;
        final long[] counts;

        Problem(long seed) {
            var random = new SplittableRandom(seed);
            numExperts = random.nextInt(1, 17);
            k = random.nextInt(1, numExperts + 1);
            counts = random.longs(random.nextInt(1, 300), 0, random.nextInt(1, 200))
                    .map(count -> random.nextInt(20) == 0 ? 100 * count : count)
                    .toArray();
        }

        ExpertTable table() {
            return ExpertTable.balanced(counts, numExperts, k);
        }
    }
}
