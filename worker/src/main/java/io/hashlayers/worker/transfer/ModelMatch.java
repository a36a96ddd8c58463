package io.hashlayers.worker.transfer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import java.util.Locale;

/** What must be equal in a saved model and one that begins with its values. */
record ModelMatch(ModelConfig saved, ModelConfig model) {
    /** Refuses the first difference. */
    void require() {
        requireSame("the vocabulary", saved.vocabularySize(), model.vocabularySize());
        requireSame("model.context-length", saved.contextLength(), model.contextLength());
        requireSame("model.layers", saved.layers(), model.layers());
        requireSame("model.dim", saved.modelDim(), model.modelDim());
        requireSame("model.ffn-dim", saved.ffnDim(), model.ffnDim());
        requireSame("model.heads", saved.heads(), model.heads());
        requireSame("model.activation", name(saved.activation()), name(model.activation()));
        requireSparse();
        saved.sparseLayers()
                .forEach(layer -> requireSame(
                        "moe.segments",
                        saved.router(layer).segments(),
                        model.router(layer).segments()));
        boolean common = saved.sparseLayers().stream().anyMatch(model::sparse);
        if (common) {
            requireSame("moe.num-experts", saved.numExperts(), model.numExperts());
            requireSame(
                    "moe.sublayers",
                    saved.mixture().sublayers(),
                    model.mixture().sublayers());
        }
        requireSingle();
        int savedShared = saved.mixture().sharedExperts();
        int shared = model.mixture().sharedExperts();
        if (common && savedShared > 0 && shared > 0) {
            requireSame("moe.shared-experts", savedShared, shared);
        }
    }

    /** A dense network cannot begin as many experts. */
    private void requireSparse() {
        List<Integer> lost = saved.sparseLayers().stream()
                .filter(layer -> !model.sparse(layer))
                .toList();
        if (!lost.isEmpty()) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.layers is %s but the checkpoint of train.from has experts in the blocks %s, which cannot become one network; add the blocks %s, or begin with another checkpoint"
                            .formatted(model.sparseLayers(), saved.sparseLayers(), lost));
        }
    }

    /** Nor can one become several, one behind the other. */
    private void requireSingle() {
        boolean upcycled = model.sparseLayers().stream().anyMatch(layer -> !saved.sparse(layer));
        int sublayers = model.mixture().sublayers();
        if (upcycled && sublayers > 1) {
            throw new TrainingException(
                    Failure.USER,
                    "moe.sublayers is %d but a dense network of the checkpoint of train.from begins experts of one network; set moe.sublayers to 1, or begin with another checkpoint"
                            .formatted(sublayers));
        }
    }

    private static void requireSame(String key, Object ofSaved, Object ofModel) {
        if (!ofSaved.equals(ofModel)) {
            throw new TrainingException(
                    Failure.USER,
                    "%s is %s but %s in the checkpoint of train.from; leave it as it is there, or begin with another checkpoint"
                            .formatted(key, ofModel, ofSaved));
        }
    }

    private static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
