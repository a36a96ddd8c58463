package io.hashlayers.worker.transformer;

/**
 * What a layer of experts exchanges for each unit that a row visits: a whole expert, or a segment of one.
 *
 * @param widest floats of the longest row in any of its exchanges
 * @param roundTrip floats to the unit and back in a forward pass; a backward pass has as many
 */
public record ExchangedRows(int widest, long roundTrip) {
    /**
     * Tells them of a layer: {@code D} to a whole expert and as many back; {@code D} and {@code F} to a segment, and an N-th of both
     * back.
     *
     * @param segments {@code N}, of each expert
     */
    public static ExchangedRows of(ModelConfig model, int segments) {
        int dim = model.modelDim();
        int ffnDim = model.ffnDim();
        return segments == 1
                ? new ExchangedRows(dim, 2L * dim)
                : new ExchangedRows(Math.max(dim, ffnDim), ((long) dim + ffnDim) * (segments + 1) / segments);
    }
}
