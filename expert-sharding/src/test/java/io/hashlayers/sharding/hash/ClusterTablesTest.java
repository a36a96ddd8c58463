package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ClusterTablesTest {
    @Test
    void aClusterIsAnExpert() {
        assertThat(ExpertTable.clustered(new int[] {2, 0, 2, 1}, 3).toTid2eid()).containsExactly(2, 0, 2, 1);
        assertThatThrownBy(() -> ExpertTable.clustered(new int[] {0, 3}, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expert 3 of value 1 is not one of 0 to 2");
        assertThatThrownBy(() -> ExpertTable.clustered(new int[0], 3)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void dispersedCanBeCheckedByHand() {
        int[] clusters = {7, 7, 7, 4, 4};
        long[] counts = {5, 9, 1, 6, 2};

        // cluster 7: 9 -> expert 0, 5 -> expert 1; 1 -> expert 1 (9, 6). Cluster 4: 6 -> expert 1, 2 -> expert 0 (11,
        // 12)
        var table = ExpertTable.dispersed(clusters, counts, 2);

        assertThat(table.toTid2eid()).containsExactly(1, 0, 1, 1, 0);
        assertThat(table.loads(counts)).containsExactly(11, 12);
    }

    @RandomSeeds(100)
    void valuesOfAClusterAreSpreadOverAllExperts(long seed) {
        var problem = new Problem(seed);

        int[][] sizes = problem.valuesOfClusters(problem.dispersed());

        for (int cluster = 0; cluster < sizes.length; cluster++) {
            var range = Arrays.stream(sizes[cluster]).summaryStatistics();
            assertThat(range.getMax() - range.getMin())
                    .as("cluster %d", cluster)
                    .isLessThanOrEqualTo(1);
        }
    }

    @RandomSeeds(100)
    void dispersedLoadsDifferByTheLargestCountAtMost(long seed) {
        var problem = new Problem(seed);

        var loads = Arrays.stream(problem.dispersed().loads(problem.counts)).summaryStatistics();

        assertThat(loads.getMax() - loads.getMin())
                .isLessThanOrEqualTo(Arrays.stream(problem.counts).max().orElseThrow());
        assertThat(loads.getSum()).isEqualTo(Arrays.stream(problem.counts).sum());
    }

    /** With one cluster for each value, and with one for all of as many values as experts, there is nothing to spread. */
    @RandomSeeds
    void clustersOfOneValueAreDealtAsByTheBalancedRule(long seed) {
        var problem = new Problem(seed);
        Arrays.setAll(problem.clusters, value -> value);

        long[] loads = problem.dispersed().loads(problem.counts);

        assertThat(loads)
                .containsExactlyInAnyOrder(ExpertTable.balanced(problem.counts, problem.numExperts, 1)
                        .loads(problem.counts));
    }

    @RandomSeeds
    void theNamesOfClustersDoNotMatter(long seed) {
        var problem = new Problem(seed);
        var before = problem.dispersed();

        Arrays.setAll(problem.clusters, value -> -3 * problem.clusters[value]);

        assertThat(problem.dispersed()).isEqualTo(before);
    }

    @Test
    void valuesNeverCountedDoNotFloodOneExpert() {
        int[] clusters = new int[400];
        long[] counts = new long[400];
        Arrays.setAll(clusters, value -> value / 2); // 200 clusters of 2 values, of which 10 were seen
        Arrays.setAll(counts, value -> value < 20 ? 100 - value : 0);

        int[] experts = ExpertTable.dispersed(clusters, counts, 8).toTid2eid();

        var sizes = new int[8];
        Arrays.stream(experts).forEach(expert -> sizes[expert]++);
        assertThat(sizes).containsOnly(50);
    }

    @Test
    void clustersAndCountsMustBeOfTheSameValues() {
        assertThatThrownBy(() -> ExpertTable.dispersed(new int[3], new long[4], 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("clusters of 3 values and counts of 4");
        assertThatThrownBy(() -> ExpertTable.dispersed(new int[2], new long[] {1, -1}, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("count of value 1 is negative: -1");
        assertThatThrownBy(() -> ExpertTable.dispersed(new int[2], new long[2], 0))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @RandomSeeds
    void clusteredAndDispersedAreOpposites(long seed) {
        var problem = new Problem(seed);
        int[][] together = problem.valuesOfClusters(ExpertTable.clustered(problem.clusters, problem.numExperts));

        for (int[] ofCluster : together) {
            assertThat(Arrays.stream(ofCluster).filter(values -> values > 0).count())
                    .isLessThanOrEqualTo(1);
        }
        int[] experts = problem.dispersed().toTid2eid();
        for (int cluster = 0; cluster < problem.numExperts; cluster++) {
            Set<Integer> used = new HashSet<>();
            int values = 0;
            for (int value = 0; value < experts.length; value++) {
                if (problem.clusters[value] == cluster) {
                    used.add(experts[value]);
                    values++;
                }
            }
            assertThat(used).hasSize(Math.min(values, problem.numExperts));
        }
    }

    /** Clusters of very different sizes; counts with ties, zeros and giants. */
    private static final class Problem {
        final int numExperts;
        final int[] clusters;
        final long[] counts;

        Problem(long seed) {
            var random = new SplittableRandom(seed);
            numExperts = random.nextInt(1, 17);
            counts = random.longs(random.nextInt(1, 300), 0, random.nextInt(1, 200))
                    .map(count -> random.nextInt(20) == 0 ? 100 * count : count)
                    .toArray();
            clusters = random.ints(counts.length, 0, numExperts)
                    .map(cluster -> random.nextInt(cluster + 1))
                    .toArray();
        }

        ExpertTable dispersed() {
            return ExpertTable.dispersed(clusters, counts, numExperts);
        }

        /** Values of each cluster on each expert, [E][E]. */
        int[][] valuesOfClusters(ExpertTable table) {
            var sizes = new int[numExperts][numExperts];
            for (int value = 0; value < counts.length; value++) {
                sizes[clusters[value]][table.expert(value, 0)]++;
            }
            return sizes;
        }
    }
}
