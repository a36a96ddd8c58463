package io.hashlayers.worker.transformer;

import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Seeds;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.router.RouterBatch;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.router.RouterStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The model of one rank: embedding, blocks, head, and the way back.
 *
 * <p>A step reads its global batch in micro-batches, one after the other, and adds up their gradients. Each has {@code R} rows
 * on each of {@code W} ranks: whole sequences, one after another. Rank {@code r} has the rows {@code [(m W + r) R, (m W + r + 1)
 * R)} of the global batch in micro-batch {@code m}. All memory is allocated here, none in a step. Ranks meet in the exchanges of
 * the sparse layers, so all of them call the same methods in the same order; the optimizer reduces the gradients. Belongs to
 * the thread of its rank.
 */
public final class LanguageModel {
    private final int rows;
    private final boolean recomputing;
    private final Collective collective;
    private final ResidualStream stream;
    private final TokenEmbedding embedding;
    private final List<Block> blocks = new ArrayList<>();
    private final List<ExpertLayer> expertLayers = new ArrayList<>();
    private final int numExperts;
    private final LanguageModelHead head;
    private final long[] starts; // of the dense tensors of blocks, and of the final norm, [layers + 1]
    private final Matrix gradient; // [R, D] of the residual stream, from the head down to the embedding

    /**
     * @param parameters of this rank; if they are for evaluation, only {@link #loss} and {@link #logits} work
     * @param routers one for each sparse layer, in order
     * @param seed of dropout
     * @throws IllegalArgumentException if the sizes do not fit each other
     */
    public LanguageModel(
            Parameters parameters,
            Kernels kernels,
            Collective collective,
            List<? extends Router> routers,
            Activations activations,
            long seed) {
        ModelConfig config = parameters.layout().config();
        this.rows = activations.rows();
        this.numExperts = config.numExperts();
        this.recomputing = activations.recomputed();
        requireFit(config, routers, rows);
        var workspace = new Workspace(parameters.training(), recomputing);
        this.collective = collective;
        this.stream = new ResidualStream(config, kernels, workspace, rows, seed);
        var setup = new Setup(config, rows, parameters, kernels, workspace, seed, stream);
        this.embedding = new TokenEmbedding(setup);
        Matrix x = embedding.out();
        for (int layer = 0; layer < config.layers(); layer++) {
            int sparse = config.sparseLayers().indexOf(layer);
            FeedForward feedForward = sparse < 0
                    ? new DenseFeedForward(setup, layer)
                    : expertLayer(setup, routers.get(sparse), layer, activations);
            var block = new Block(setup, layer, x, feedForward);
            blocks.add(block);
            x = block.out();
        }
        this.head = new LanguageModelHead(setup, x);
        this.starts = IntStream.rangeClosed(0, config.layers())
                .mapToLong(parameters.layout()::blockStart)
                .toArray();
        this.gradient = workspace.backwardScratch("stream gradient", rows, config.modelDim());
    }

    private ExpertLayer expertLayer(Setup setup, Router router, int layer, Activations activations) {
        var experts = new ExpertLayer(setup, layer, mixture(setup, router, layer, activations));
        expertLayers.add(experts);
        return experts;
    }

    private Mixture mixture(Setup setup, Router router, int layer, Activations activations) {
        RouterConfig config = setup.config().router(layer);
        if (config.segments() > 1) {
            return new SegmentMixture(setup, collective, router, layer, activations.receiveCapacity());
        }
        var experts = new ExpertMixture(setup, collective, router, layer, activations.receiveCapacity());
        if (!config.shufflesRows() || !setup.parameters().training()) {
            return experts;
        }
        int groups = config.groups() == 0 ? collective.worldSize() : config.groups();
        return new ShuffledMixture(
                setup, collective, experts, groups, Seeds.of(setup.seed(), "shuffle of layer " + layer));
    }

    /**
     * Runs one micro-batch forward and backward, and adds its gradients to those of the parameters.
     *
     * @param step number of the training step, which chooses the dropout masks of each row of the global batch
     * @param microBatch number of the micro-batch in its step, from 0
     * @param tokens token ids, [R]
     * @param targets the token that follows each, [R]; rows with a negative target count nothing
     * @param gradientScale factor of the gradient of the sum of nats: 1 / targets of the global batch
     * @param ready hears of dense gradients as soon as this pass has completed them; experts' are complete at the end
     * @return sum of nats over the rows of this rank
     */
    public double forwardBackward(
            long step, int microBatch, int[] tokens, int[] targets, float gradientScale, GradientsReady ready) {
        requireRows(tokens);
        requireRows(targets);
        long firstRow = ((long) microBatch * collective.worldSize() + collective.rank()) * rows;
        stream.train(step, firstRow);
        forward(RouterBatch.training(tokens, step, microBatch, firstRow, gradientScale));
        double nats = head.forwardBackward(targets, gradientScale, gradient);
        ready.from(starts[blocks.size()]);
        backward(ready);
        embedding.backward(tokens, gradient); // the head has added to the gradient of the same table
        ready.from(0);
        return nats;
    }

    /** Returns the sum of nats over the rows of this rank whose target is not negative; no dropout, no gradients. */
    public double loss(int[] tokens, int[] targets) {
        requireRows(tokens);
        requireRows(targets);
        evaluate(tokens);
        return head.loss(targets);
    }

    /**
     * Writes the most probable token after each row; of equally probable ones the lowest.
     *
     * @param tokens token ids, [R]
     * @param predicted receives token ids, [R]
     */
    public void predict(int[] tokens, int[] predicted) {
        requireRows(tokens);
        requireRows(predicted);
        evaluate(tokens);
        head.predict(predicted);
    }

    /**
     * Returns the logits of the token that follows a row, [1, V]; valid until the next call.
     *
     * @param tokens token ids, [R]; those behind the row in its sequence do not matter
     * @param row of this rank
     */
    public Matrix logits(int[] tokens, int row) {
        requireRows(tokens);
        evaluate(tokens);
        return head.logits(row);
    }

    /** Numbers that {@link #takeStatistics} adds. */
    public static int statisticsSize(ModelConfig config) {
        return config.sparseLayers().size() * (config.numExperts() + RouterStatistics.SIZE);
    }

    /**
     * Adds what the layers of experts did in training since this was last called: for each sparse layer the rows of each expert, of
     * this rank's experts alone, then the {@link RouterStatistics} of this rank's rows. Sums of all ranks are the whole.
     *
     * @param sums from {@code offset} on, [sparse layers, E + {@link RouterStatistics#SIZE}]
     */
    public void takeStatistics(double[] sums, int offset) {
        for (int i = 0; i < expertLayers.size(); i++) {
            expertLayers.get(i).takeStatistics(sums, offset + i * (numExperts + RouterStatistics.SIZE));
        }
    }

    /**
     * Copies the expert that each row visited in the last {@link #loss}, its first one if several, or -1 if it went nowhere.
     *
     * @param sparseLayer number of the layer among the sparse ones
     * @param experts from {@code offset} on, [R]
     */
    public void copyExperts(int sparseLayer, int[] experts, int offset) {
        expertLayers.get(sparseLayer).copyExperts(experts, offset);
    }

    private void evaluate(int[] tokens) {
        stream.evaluate();
        forward(RouterBatch.evaluation(tokens));
    }

    private void forward(RouterBatch batch) {
        embedding.forward(batch.tokens());
        for (Block block : blocks) {
            block.begin(batch);
        }
        for (int layer = 0; layer < blocks.size(); layer++) {
            blocks.get(layer).forward();
        }
    }

    private void backward(GradientsReady ready) {
        int last = blocks.size() - 1;
        for (int layer = last; layer >= 0; layer--) {
            if (recomputing && layer < last) { // no block has run since the last one
                blocks.get(layer).recompute();
            }
            blocks.get(layer).backward(gradient);
            ready.from(starts[layer]);
        }
    }

    private void requireRows(int[] ids) {
        if (ids.length != rows) {
            throw new IllegalArgumentException(
                    ids.length + " tokens or targets; this model was made for " + rows + " rows");
        }
    }

    private static void requireFit(ModelConfig config, List<? extends Router> routers, int rows) {
        if (routers.size() != config.sparseLayers().size()) {
            throw new IllegalArgumentException(
                    routers.size() + " routers for the sparse layers " + config.sparseLayers());
        }
        if (rows < 1 || rows % config.contextLength() != 0) {
            throw new IllegalArgumentException(
                    rows + " rows are not whole sequences of " + config.contextLength() + " tokens");
        }
    }
}
