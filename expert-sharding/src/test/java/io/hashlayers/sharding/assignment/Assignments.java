package io.hashlayers.sharding.assignment;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jgrapht.alg.matching.KuhnMunkresMinimalWeightBipartitePerfectMatching;
import org.jgrapht.graph.DefaultWeightedEdge;
import org.jgrapht.graph.SimpleWeightedGraph;

/** What is true of every assignment, and the best one by a solver that is not ours. */
final class Assignments {
    private Assignments() {}

    static void requireBalanced(int[] expertOfRow, int experts) {
        var sizes = new int[experts];
        Arrays.stream(expertOfRow).forEach(expert -> sizes[expert]++);
        assertThat(sizes).containsOnly(expertOfRow.length / experts);
    }

    static double sum(float[] scores, int[] expertOfRow) {
        int experts = scores.length / expertOfRow.length;
        return IntStream.range(0, expertOfRow.length)
                .mapToDouble(row -> scores[row * experts + expertOfRow[row]])
                .sum();
    }

    static int[] random(int rows, int experts, long seed) {
        var random = new SplittableRandom(seed);
        int[] expertOfRow = IntStream.range(0, rows).map(row -> row % experts).toArray();
        for (int i = rows - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int expert = expertOfRow[i];
            expertOfRow[i] = expertOfRow[j];
            expertOfRow[j] = expert;
        }
        return expertOfRow;
    }

    /** The largest possible sum: the Hungarian method over rows and seats, where an expert is R / E equal seats. */
    static double largestSum(float[] scores, int rows, int experts) {
        var graph = new SimpleWeightedGraph<Integer, DefaultWeightedEdge>(DefaultWeightedEdge.class);
        IntStream.range(0, 2 * rows).forEach(graph::addVertex);
        for (int row = 0; row < rows; row++) {
            for (int seat = 0; seat < rows; seat++) {
                double score = scores[row * experts + seat % experts];
                graph.setEdgeWeight(graph.addEdge(row, rows + seat), -score);
            }
        }
        List<Integer> vertices = IntStream.range(0, 2 * rows).boxed().toList();
        var solver = new KuhnMunkresMinimalWeightBipartitePerfectMatching<>(
                graph,
                new LinkedHashSet<>(vertices.subList(0, rows)),
                new LinkedHashSet<>(vertices.subList(rows, 2 * rows)));
        return -solver.getMatching().getWeight();
    }

    static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
