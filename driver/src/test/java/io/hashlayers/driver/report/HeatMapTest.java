package io.hashlayers.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeatMapTest {
    private static List<String> cells(String svg) {
        return Pattern.compile("M(\\d+) (\\d+)h1v1h-1z")
                .matcher(svg)
                .results()
                .map(match -> match.group(1) + "," + match.group(2))
                .toList();
    }

    @RandomSeeds(20)
    void everyCellIsDrawnOnce(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 40);
        int periods = random.nextInt(2, 64);
        List<double[]> shares = new ArrayList<>();
        for (int period = 0; period < periods; period++) {
            shares.add(random.doubles(experts, 0, 4.0 / experts).toArray());
        }

        String svg = new HeatMap(shares).svg("loads");

        assertThat(cells(svg)).hasSize(experts * periods).doesNotHaveDuplicates();
        assertThat(svg).contains("viewBox='0 0 %d %d'".formatted(periods, experts));
    }

    @Test
    void theBusiestExpertOfTheEndIsOnTop() {
        String svg = new HeatMap(List.of(new double[] {0.5, 0.5}, new double[] {0, 1})).svg("loads");

        assertThat(svg)
                .contains("fill='#f7f7f7' shape-rendering='crispEdges' d='M0 0h1v1h-1zM0 1h1v1h-1z'") // even at first
                .contains("fill='#fdcfb8' shape-rendering='crispEdges' d='M1 0h1v1h-1z'") // twice the mean
                .contains("fill='#2166ac' shape-rendering='crispEdges' d='M1 1h1v1h-1z'"); // nothing
    }

    @Test
    void onePeriodIsAStrip() {
        String svg = new HeatMap(List.of(new double[] {0.2, 0.3, 0.5})).svg("loads");

        assertThat(svg).contains("viewBox='0 0 3 1'");
        assertThat(cells(svg)).containsExactlyInAnyOrder("0,0", "1,0", "2,0");
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.25, 0", "0.26, 1", "0.79, 2", "1, 3", "1.25, 3", "1.26, 4", "2, 4", "3, 5", "100, 6"})
    void loadsHaveClasses(double loadOverMean, int level) {
        assertThat(HeatMap.level(loadOverMean)).isEqualTo(level);
    }
}
