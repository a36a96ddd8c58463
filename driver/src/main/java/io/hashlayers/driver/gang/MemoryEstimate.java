package io.hashlayers.driver.gang;

import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Off-heap bytes that the busiest rank needs: exact for parameters and exchanged rows, for activations what the equations of
 * a block keep for the way back, without small scratch.
 *
 * @param parameterBytes values and gradients of its dense replica and its experts, Adam moments of its share of the replica and of its experts
 * @param activationBytes what a step keeps of its own sequences, logits included
 * @param exchangeBytes rows that it sends to experts and receives for its own, and what its experts keep of them
 */
public record MemoryEstimate(long parameterBytes, long activationBytes, long exchangeBytes) implements Serializable {
    /** Values and gradients. */
    private static final int TRAINING_COPIES = 2;
    /** First and second moments. */
    private static final int MOMENTS = 2;
    /** Input, output and their gradients. */
    private static final int COPIES_OF_ROWS = 4;

    /**
     * Estimates a rank that trains; one that only evaluates needs less.
     *
     * @param routing null for a dense model
     */
    static MemoryEstimate of(RunConfig config, @Nullable Routing routing, int worldSize) {
        int localExperts = 0;
        int peakRows = 0;
        if (routing != null) {
            for (int rank = 0; rank < worldSize; rank++) {
                localExperts = Math.max(localExperts, routing.placement().expertsOf(rank).length);
            }
            for (SplitTraffic split : routing.plan().splits().values()) {
                peakRows = Math.max(peakRows, split.peakRowsOfAnyRank());
            }
        }
        long rows = (long) config.sequencesPerRank(worldSize) * config.model().contextLength();
        return training(config.model(), rows, localExperts, peakRows, worldSize);
    }

    /**
     * Estimates a training rank.
     *
     * @param rows tokens of a rank's sequences
     * @param localExperts most experts of any rank, in each sparse layer
     * @param peakRows most rows that any rank receives in a step and layer
     * @param worldSize ranks that share the optimizer's state of the replica
     */
    static MemoryEstimate training(ModelConfig model, long rows, int localExperts, long peakRows, int worldSize) {
        ParameterLayout layout = ParameterLayout.of(model);
        long sparse = model.sparseLayers().size();
        long shared = layout.denseParameters();
        long own = sparse * localExperts * layout.expertParameters();
        long parameters = TRAINING_COPIES * (shared + own) + MOMENTS * ((shared + worldSize - 1) / worldSize + own);
        long dense = model.layers() - sparse;
        long dim = model.modelDim();
        // Of a block: two norms and two residual sums, queries, keys, values and the attended; the scores of each head.
        long block = rows * (8 * dim + (long) model.heads() * model.contextLength());
        long feedForward = rows * 2 * model.ffnDim();
        long activations = model.layers() * block + dense * feedForward + rows * (4 * dim + model.vocabularySize());
        long sent = rows * model.expertsPerToken() * COPIES_OF_ROWS * dim;
        long received = peakRows * (COPIES_OF_ROWS * dim + 2L * model.ffnDim());
        return new MemoryEstimate(
                Float.BYTES * parameters,
                (long) Float.BYTES * activations,
                (long) Float.BYTES * sparse * (sent + received));
    }

    /** All of it. */
    public long totalBytes() {
        return parameterBytes + activationBytes + exchangeBytes;
    }
}
