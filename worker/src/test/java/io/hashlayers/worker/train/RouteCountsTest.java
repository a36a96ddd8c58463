package io.hashlayers.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.testing.RandomSeeds;
import io.hashlayers.worker.transformer.Ranks;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RouteCountsTest {
    /** Against lists of all rows, sorted. */
    @RandomSeeds
    void aTokenGetsTheExpertsThatItWentToMostOften(long seed) {
        var random = new SplittableRandom(seed);
        int tokens = random.nextInt(1, 40);
        int experts = random.nextInt(1, 7);
        int k = random.nextInt(1, experts + 1);
        RouteCounts counts = new RouteCounts(tokens, experts);
        List<List<Integer>> rows = new ArrayList<>();
        IntStream.range(0, tokens).forEach(token -> rows.add(new ArrayList<>()));
        for (int row = 0; row < 5 * tokens; row++) {
            int token = random.nextInt(1 + random.nextInt(tokens));
            int expert = random.nextInt(experts);
            counts.add(token, expert);
            rows.get(token).add(expert);
        }

        int[] chosen = counts.mostFrequent(k);

        long agreeing = 0;
        long[] loads = new long[experts];
        for (int token = 0; token < tokens; token++) {
            List<Integer> ofToken = rows.get(token);
            List<Integer> best = IntStream.range(0, experts)
                    .boxed()
                    .sorted(Comparator.comparingLong(expert -> -times(ofToken, expert)))
                    .limit(k)
                    .toList();
            List<Integer> expected =
                    ofToken.isEmpty() ? IntStream.range(0, k).mapToObj(i -> -1).toList() : best;
            assertThat(IntStream.range(token * k, (token + 1) * k).mapToObj(i -> chosen[i]))
                    .containsExactlyElementsOf(expected);
            agreeing += ofToken.stream().filter(best::contains).count();
            ofToken.forEach(expert -> loads[expert]++);
        }
        assertThat(counts.agreeing(chosen, k)).isEqualTo(agreeing);
        assertThat(counts.loads()).isEqualTo(loads);
    }

    private static long times(List<Integer> rows, int expert) {
        return rows.stream().filter(row -> row == expert).count();
    }

    @Test
    void ranksAddUpTheirCountsChunkByChunk() {
        int tokens = 50_001; // of 3 experts: two whole chunks and a part
        List<long[]> loads = Ranks.run(3, collective -> {
            RouteCounts counts = new RouteCounts(tokens, 3);
            for (int token = collective.rank(); token < tokens; token += 2) {
                counts.add(token, (token + collective.rank()) % 3);
            }
            counts.add(tokens - 1, 1);
            counts.sum(collective);
            assertThat(counts.mostFrequent(1)[tokens - 1]).isEqualTo(1);
            return counts.loads();
        });

        long[] expected = new long[3];
        for (int rank = 0; rank < 3; rank++) {
            for (int token = rank; token < tokens; token += 2) {
                expected[(token + rank) % 3]++;
            }
        }
        expected[1] += 3;
        assertThat(loads).allSatisfy(ofRank -> assertThat(ofRank).isEqualTo(expected));
    }
}
