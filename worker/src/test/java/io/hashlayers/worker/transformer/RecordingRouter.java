package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.RouterStatistics;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Lets a test see where a router sent its rows last. */
final class RecordingRouter implements Router {
    private final Router router;
    private @Nullable ShufflePlan plan;

    RecordingRouter(Router router) {
        this.router = router;
    }

    @Override
    public void begin(RouterBatch batch) {
        router.begin(batch);
    }

    @Override
    public ShufflePlan route(Matrix x) {
        plan = router.route(x);
        return plan;
    }

    @Override
    public ShufflePlan plan() {
        return Objects.requireNonNull(plan);
    }

    @Override
    public boolean keepsAnswers() {
        return router.keepsAnswers();
    }

    @Override
    public void weigh(Matrix answers, Matrix weighed) {
        router.weigh(answers, weighed);
    }

    @Override
    public void weighBackward(Matrix answers, Matrix dWeighed) {
        router.weighBackward(answers, dWeighed);
    }

    @Override
    public void addInputGradient(Matrix dx) {
        router.addInputGradient(dx);
    }

    @Override
    public RouterStatistics statistics() {
        return router.statistics();
    }
}
