package io.hashlayers.worker.transformer;

import io.hashlayers.worker.router.RouterConfig;
import java.util.HashSet;
import java.util.Set;

/**
 * What the layers of a model will ask a {@link Workspace} for, by the same names, counted instead of allocated.
 *
 * <p>Kept of each block and row, in floats: {@code 8 D + heads + 4} for attention, norms and residual sums, and {@code 2 F}
 * of a dense network; a layer of experts keeps {@code D + 2 F} of each row that it receives, and {@code 2 D + 2 F + 2} for each further network of an
 * expert; one of N segments each {@code D + F + F / N}, for N times the rows. If activations are recomputed, {@code D} of each block and {@code D} of each row that a layer of
 * experts receives, or {@code D + F} for segments; the rest is scratch, once.
 */
final class WorkspaceSizes {
    private final ModelConfig config;
    private final int rows;
    private final int capacity;
    private final boolean recomputed;
    private final boolean training;
    private final Set<String> shared = new HashSet<>();
    private long kept;
    private long scratch;

    private WorkspaceSizes(ModelConfig config, Activations activations, boolean training) {
        this.config = config;
        this.rows = activations.rows();
        this.capacity = activations.receiveCapacity();
        this.recomputed = activations.recomputed();
        this.training = training;
    }

    /** Counts the buffers of a rank's model. */
    static WorkspaceSizes of(ModelConfig config, Activations activations, boolean training) {
        var sizes = new WorkspaceSizes(config, activations, training);
        sizes.embedding();
        for (int layer = 0; layer < config.layers(); layer++) {
            if (config.sparse(layer)) {
                RouterConfig router = config.router(layer);
                if (router.segments() > 1) {
                    sizes.segments(router.segments());
                } else {
                    sizes.experts(router);
                }
                sizes.router(router);
                sizes.sharedExpert();
            } else {
                sizes.denseFeedForward();
            }
            sizes.block();
        }
        sizes.head();
        return sizes;
    }

    /** Bytes of a matrix of so many floats; one of none has one. */
    static long bytes(long floats) {
        return Float.BYTES * Math.max(1, floats);
    }

    /** Bytes that stay from a forward to its backward pass. */
    long keptBytes() {
        return kept;
    }

    /** Bytes that layers share. */
    long scratchBytes() {
        return scratch;
    }

    private void embedding() {
        int dim = config.modelDim();
        kept("stream", rows, dim);
        scratch("masked gradient", config.dropout() > 0 ? rows : 0, dim);
        backwardScratch("stream gradient", rows, dim);
    }

    private void block() {
        int dim = config.modelDim();
        norm("attention_norm");
        recomputable("qkv", rows, 3 * dim);
        recomputable("attended", rows, dim);
        recomputable("log-sum-exp", rows, config.heads());
        backwardScratch("qkv gradient", rows, 3 * dim);
        backwardScratch("attended gradient", rows, dim);
        norm("ffn_norm");
        recomputable("middle", rows, dim);
        kept("stream", rows, dim);
        backwardScratch("norm gradient", rows, dim);
    }

    private void norm(String use) {
        recomputable(use + " stats", rows, 2);
        recomputable(use, rows, config.modelDim());
    }

    private void denseFeedForward() {
        recomputable("ffn inner", rows, config.ffnDim());
        recomputable("ffn hidden", rows, config.ffnDim());
        backwardScratch("ffn inner gradient", rows, config.ffnDim());
    }

    private void experts(RouterConfig router) {
        int dim = config.modelDim();
        int choices = rows * config.expertsPerToken();
        if (router.shufflesRows() && training) {
            scratch("rows to shuffle", rows, dim);
            kept("shuffled rows", rows, dim);
            scratch("mixed rows", rows, dim);
        }
        scratch("slots", choices, dim);
        if (router.keepsAnswers()) {
            kept("kept answers", choices, dim);
        }
        kept("received", capacity, dim);
        scratch("answers", capacity, dim);
        backwardScratch("expert inner gradient", capacity, config.ffnDim());
        int sublayers = config.mixture().sublayers();
        if (sublayers > 1) {
            backwardScratch("sublayer gradient", capacity, dim);
            backwardScratch("expert stream gradient", capacity, dim);
        }
        for (int sublayer = 0; sublayer < sublayers; sublayer++) {
            recomputable(ExpertSublayer.use("inner", sublayer), capacity, config.ffnDim());
            recomputable(ExpertSublayer.use("hidden", sublayer), capacity, config.ffnDim());
            if (sublayer > 0) {
                recomputable(ExpertSublayer.use("stream", sublayer), capacity, dim);
                recomputable(ExpertSublayer.use("stats", sublayer), capacity, 2);
                recomputable(ExpertSublayer.use("normed", sublayer), capacity, dim);
            }
        }
    }

    private void segments(int count) {
        int dim = config.modelDim();
        int ffnDim = config.ffnDim();
        int slots = rows * count;
        kept("received", capacity, dim);
        scratch(SegmentMixture.use("hidden", count), capacity, ffnDim / count);
        kept("received hidden", capacity, ffnDim);
        scratch(SegmentMixture.use("answers", count), capacity, dim / count);
        recomputable(SegmentMixture.use("inner", count), capacity, ffnDim / count);
        scratch(SegmentMixture.use("row slots", count), slots, dim);
        scratch(SegmentMixture.use("hidden slots", count), slots, ffnDim / count);
        scratch("whole hidden", rows, ffnDim);
        scratch(SegmentMixture.use("whole hidden slots", count), slots, ffnDim);
        scratch(SegmentMixture.use("answer slots", count), slots, dim / count);
    }

    private void router(RouterConfig router) {
        kept += Float.BYTES * router.floats(rows, config.modelDim(), config.numExperts());
    }

    private void sharedExpert() {
        int width = config.mixture().sharedExperts() * config.ffnDim();
        if (width > 0) {
            recomputable("shared inner", rows, width);
            recomputable("shared hidden", rows, width);
            backwardScratch("shared inner gradient", rows, width);
        }
    }

    private void head() {
        norm(ParameterLayout.FINAL_NORM);
        backwardScratch("norm gradient", rows, config.modelDim());
        scratch("logits", LanguageModelHead.chunkRows(config, rows), config.vocabularySize());
    }

    private void kept(String use, int height, int width) {
        if (training || shared.add(use)) {
            kept += bytes((long) height * width);
        }
    }

    private void recomputable(String use, int height, int width) {
        if (recomputed) {
            scratch(use, height, width);
        } else {
            kept(use, height, width);
        }
    }

    private void scratch(String use, int height, int width) {
        if (shared.add(use)) {
            scratch += bytes((long) height * width);
        }
    }

    private void backwardScratch(String use, int height, int width) {
        scratch(use, training ? height : 0, width);
    }
}
