package io.hashlayers.worker.router;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the embedding of the token alone, without context: between a hash and a learned router (Hash Layers, arXiv 2106.04426,
 * where the details are open). Scores are multiplied by {@code sqrt(D)}, as embeddings are in Vaswani et al. 2017, section 3.4,
 * since embeddings are small beside normalised hidden states.
 */
final class TokenInput implements RouterInput {
    private final Kernels kernels;
    private final Parameter embedding; // [V, D]
    private final Matrix rows; // [R, D]
    private final float scale;
    private final Jitter jitter;
    private @Nullable RouterBatch batch;

    TokenInput(RouterSetup setup, double jitter) {
        this.kernels = setup.kernels();
        this.embedding = setup.parameters().apply(setup.tokenEmbedding());
        this.rows = Matrix.allocate(setup.rows(), setup.modelDim());
        this.jitter = new Jitter(setup, jitter);
        this.scale = (float) Math.sqrt(setup.modelDim());
    }

    /** Floats of off-heap memory. */
    static long floats(int rows, int modelDim) {
        return (long) rows * modelDim;
    }

    @Override
    public Matrix read(Matrix x, RouterBatch next) {
        batch = next;
        kernels.gatherRows(embedding.value(), next.tokens(), rows);
        jitter.apply(rows, next);
        return rows;
    }

    @Override
    public Matrix rows() {
        return rows;
    }

    @Override
    public float scale() {
        return scale;
    }

    @Override
    public void addGradient(Matrix dScores, Matrix weight, Matrix dx) {
        RouterBatch read = Objects.requireNonNull(batch, "backward before any forward");
        kernels.matmulNt(dScores, weight, rows, false); // the rows are of no more use
        jitter.apply(rows, read);
        kernels.addToRows(rows, read.tokens(), embedding.gradient(kernels));
    }
}
