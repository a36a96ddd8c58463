package io.hashlayers.worker.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RoutingMemoryTest {
    private static final int[] ALL_COUNT = {5, 6, 7, 8};

    /** Two sparse layers, four rows in a batch. */
    private final RoutingMemory memory = new RoutingMemory(2, 4);

    /** Experts of the rows in both layers. */
    private static RoutingMemory.Visits visits(List<int[]> experts) {
        return (layer, into, offset) -> System.arraycopy(experts.get(layer), 0, into, offset, 4);
    }

    private static RoutingMemory.Visits visits(int... first) {
        return visits(List.of(first, new int[] {0, 0, 0, 0}));
    }

    private void evaluate(RoutingMemory.Visits... batches) {
        memory.begin(batches.length);
        Arrays.stream(batches).forEach(batch -> memory.add(batch, ALL_COUNT));
    }

    @Test
    void theFirstEvaluationHasNothingToCompareWith() {
        evaluate(visits(1, 2, 3, 1), visits(3, 3, 3, 3));

        assertThat(memory.compared()).isZero();
        assertThat(memory.changed()).isZero();
    }

    @Test
    void rowsAreComparedWithTheSameRowOfTheEvaluationBefore() {
        evaluate(visits(1, 2, 3, 1), visits(3, 3, 3, 3));

        evaluate(visits(1, 0, 3, 0), visits(List.of(new int[] {3, 3, 3, 3}, new int[] {0, 1, 0, 0})));
        assertThat(memory.compared()).isEqualTo(2 * 2 * 4);
        assertThat(memory.changed()).isEqualTo(3);

        evaluate(visits(1, 0, 3, 0), visits(3, 3, 3, 3));
        assertThat(memory.changed()).as("back in one row of the second layer").isEqualTo(1);
    }

    @Test
    void rowsWithoutTargetOrExpertDoNotCount() {
        evaluate(visits(1, -1, 3, 1));
        memory.begin(1);

        memory.add(visits(2, 2, -1, 2), new int[] {5, 6, 7, -1});

        assertThat(memory.compared())
                .as("one row of the first layer, three of the second")
                .isEqualTo(1 + 3);
        assertThat(memory.changed()).isEqualTo(1);
    }

    @Test
    void anEvaluationOfAnotherLengthBeginsAnew() {
        evaluate(visits(1, 2, 3, 1));

        evaluate(visits(2, 2, 2, 2), visits(2, 2, 2, 2));

        assertThat(memory.compared()).isZero();
    }
}
