package io.hashlayers.worker.router;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what the experts read, in training multiplied by jitter (Switch, arXiv 2101.03961, section 2.4). */
final class HiddenInput implements RouterInput {
    private final Kernels kernels;
    private final Jitter jitter;
    private final Matrix jittered; // [R, D], of no rows without jitter
    private @Nullable Matrix rows;
    private @Nullable RouterBatch batch;

    /**
     * @param jitter factors are drawn from {@code [1 - jitter, 1 + jitter)}; 0 for none
     */
    HiddenInput(RouterSetup setup, double jitter) {
        this.kernels = setup.kernels();
        this.jitter = new Jitter(setup, jitter);
        this.jittered = Matrix.allocate(jitter > 0 ? setup.rows() : 0, setup.modelDim());
    }

    /** Floats of off-heap memory. */
    static long floats(int rows, int modelDim, double jitter) {
        return jitter > 0 ? (long) rows * modelDim : 1;
    }

    @Override
    public Matrix read(Matrix x, RouterBatch next) {
        batch = next;
        rows = x;
        if (jitter.applies(next)) {
            jittered.copyFrom(x);
            jitter.apply(jittered, next);
            rows = jittered;
        }
        return rows;
    }

    @Override
    public Matrix rows() {
        if (rows == null) {
            throw new IllegalStateException("nothing was read yet");
        }
        return rows;
    }

    @Override
    public float scale() {
        return 1;
    }

    @Override
    public void addGradient(Matrix dScores, Matrix weight, Matrix dx) {
        RouterBatch read = Objects.requireNonNull(batch, "backward before any forward");
        if (jitter.applies(read)) {
            kernels.matmulNt(dScores, weight, jittered, false); // the rows are of no more use
            jitter.apply(jittered, read);
            kernels.add(dx, jittered);
        } else {
            kernels.matmulNt(dScores, weight, dx, true);
        }
    }
}
