package io.hashlayers.worker.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Matrix;
import org.junit.jupiter.api.Test;

class HashRouterTest {
    @Test
    void routesByThePlanThatItFollows() {
        var router = new HashRouter();
        var plan = new ShufflePlan(ExpertPlacement.roundRobin(2, 1), 0, 3, 1, 3);
        router.follow(new ShufflePlan(ExpertPlacement.roundRobin(2, 1), 0, 3, 1, 3));

        router.follow(plan);

        assertThat(router.route(Matrix.allocate(3, 2))).isSameAs(plan);
    }

    @Test
    void refusesToGuessAPlan() {
        assertThatThrownBy(() -> new HashRouter().route(Matrix.allocate(3, 2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no plan was set before the first batch");
    }
}
