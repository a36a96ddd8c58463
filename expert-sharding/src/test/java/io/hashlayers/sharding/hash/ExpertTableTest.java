package io.hashlayers.sharding.hash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ExpertTableTest {
    @Test
    void moduloDealsExpertsOutInTurn() {
        assertThat(ExpertTable.modulo(4, 3, 2).toTid2eid()).containsExactly(0, 1, 1, 2, 2, 0, 0, 1);
    }

    @RandomSeeds
    void everyBuilderGivesEachValueDifferentExperts(long seed) {
        var random = new SplittableRandom(seed);
        int values = random.nextInt(1, 200);
        int numExperts = random.nextInt(1, 20);
        int k = random.nextInt(1, numExperts + 1);
        long[] counts = random.longs(values, 0, 50).toArray();

        for (var table : new ExpertTable[] {
            ExpertTable.balanced(counts, numExperts, k),
            ExpertTable.random(values, numExperts, k, seed),
            ExpertTable.modulo(values, numExperts, k)
        }) {
            for (int value = 0; value < values; value++) {
                int v = value;
                assertThat(IntStream.range(0, k).map(choice -> table.expert(v, choice)))
                        .doesNotHaveDuplicates()
                        .allMatch(expert -> expert >= 0 && expert < numExperts);
            }
        }
    }

    @RandomSeeds
    void noRowIsLostOrCountedTwice(long seed) {
        var random = new SplittableRandom(seed);
        long[] counts = random.longs(100, 0, 1000).toArray();
        int k = random.nextInt(1, 9);

        long[] loads = ExpertTable.random(100, 8, k, seed).loads(counts);

        assertThat(Arrays.stream(loads).sum())
                .isEqualTo(k * Arrays.stream(counts).sum());
    }

    @RandomSeeds
    void relabelledExpertsOnlyRelabelTheLoads(long seed) {
        var random = new SplittableRandom(seed);
        long[] counts = random.longs(200, 0, 1000).toArray();
        var table = ExpertTable.random(200, 12, 3, seed);
        int[] label = ExpertTable.random(1, 12, 12, seed).toTid2eid(); // 12 different of 12: a permutation

        var relabelled = ExpertTable.of(
                12, 3, Arrays.stream(table.toTid2eid()).map(e -> label[e]).toArray());

        for (int expert = 0; expert < 12; expert++) {
            assertThat(relabelled.loads(counts)[label[expert]]).isEqualTo(table.loads(counts)[expert]);
        }
    }

    @Test
    void randomDrawsAllExpertsAndAllPairsEquallyOften() {
        int values = 60_000;
        var table = ExpertTable.random(values, 5, 2, 1);

        var pairs = new int[5][5];
        for (int value = 0; value < values; value++) {
            pairs[table.expert(value, 0)][table.expert(value, 1)]++;
        }

        // 20 ordered pairs, 3,000 each, standard deviation 53
        for (int first = 0; first < 5; first++) {
            for (int second = 0; second < 5; second++) {
                assertThat(pairs[first][second])
                        .as("%d then %d", first, second)
                        .isCloseTo(first == second ? 0 : 3000, within(first == second ? 0 : 270));
            }
        }
    }

    @Test
    void aSeedMeansTheSameTableForEver() {
        assertThat(ExpertTable.random(1000, 16, 2, 42).digest())
                .isEqualTo("sha256:157f594184410c67fa0c1ded9becf640e7094cfcf8f878b54bce84ae8cb4f5bf");
    }

    @Test
    void seedsGiveDifferentTables() {
        assertThat(ExpertTable.random(100, 16, 1, 1)).isNotEqualTo(ExpertTable.random(100, 16, 1, 2));
    }

    @Test
    void moreExpertsThanValuesLeaveSomeWithoutAny() {
        assertThat(ExpertTable.balanced(new long[] {3, 1}, 5, 1).loads(new long[] {3, 1}))
                .containsExactly(3, 1, 0, 0, 0);
    }

    @Test
    void oneExpertTakesAll() {
        assertThat(ExpertTable.balanced(new long[] {3, 1, 0}, 1, 1)).isEqualTo(ExpertTable.modulo(3, 1, 1));
    }

    @Test
    void equalContentsAreEqualWithEqualDigests() {
        int[] experts = {0, 1, 2, 0};
        var table = ExpertTable.of(3, 2, experts);

        experts[0] = 2; // the table has its own copy
        table.toTid2eid()[0] = 2;

        var same = ExpertTable.of(3, 2, new int[] {0, 1, 2, 0});
        assertThat(table).isEqualTo(same).hasSameHashCodeAs(same);
        assertThat(table.digest()).isEqualTo(same.digest());
    }

    @Test
    void everySizeAndEntryEntersEqualityAndDigest() {
        var table = ExpertTable.of(3, 2, new int[] {0, 1, 2, 0});

        for (var other : new ExpertTable[] {
            ExpertTable.of(4, 2, new int[] {0, 1, 2, 0}),
            ExpertTable.of(3, 1, new int[] {0, 1, 2, 0}),
            ExpertTable.of(3, 2, new int[] {0, 1, 2, 1}),
            ExpertTable.of(3, 2, new int[] {0, 1})
        }) {
            assertThat(table).isNotEqualTo(other);
            assertThat(table.digest()).isNotEqualTo(other.digest());
        }
    }

    @Test
    void tablesThatAreNoneAreRefused() {
        assertThatThrownBy(() -> ExpertTable.of(2, 2, new int[] {0, 1, 1, 1}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("value 1 has expert 1 twice");
        assertThatThrownBy(() -> ExpertTable.of(2, 1, new int[] {0, 2}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("expert 2 of value 1 is not one of 0 to 1");
        assertThatThrownBy(() -> ExpertTable.of(2, 1, new int[] {-1})).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertTable.of(2, 2, new int[] {0, 1, 0}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 entries cannot be 2 experts for each value of a table");
        assertThatThrownBy(() -> ExpertTable.of(2, 0, new int[] {0})).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sizesOutOfRangeAreRefusedWithTheirValues() {
        assertThatThrownBy(() -> ExpertTable.modulo(0, 2, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertTable.random(5, 0, 1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertTable.balanced(new long[5], 2, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ExpertTable.modulo(5, 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("5 values, 2 experts, 3 for each value");
        assertThatThrownBy(() -> ExpertTable.modulo(ExpertTable.MAX_ENTRIES, 2, 2)) // refused, not allocated
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void placesOutsideTheTableAreRefused() {
        var table = ExpertTable.modulo(4, 3, 2);

        assertThatThrownBy(() -> table.expert(4, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.expert(0, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.loads(new long[3]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("3 counts for a table of 4 values");
    }
}
