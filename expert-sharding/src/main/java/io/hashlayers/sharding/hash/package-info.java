/**
 * Decides, before training starts, which experts a token visits: a token hash is a feature of the token times a table from
 * feature values to experts, and a multi-hash is several of them, each for a segment of the experts.
 *
 * <p>Nothing here knows of ranks, batches in flight or tensors.
 *
 * <p>Letters used for sizes: {@code V} values of the feature (for the current token: the vocabulary), {@code E} experts,
 * {@code k} experts per token, {@code N} hashes of a multi-hash, {@code R} rows (tokens) of a batch, {@code S} tokens of a
 * sequence.
 *
 * @see <a href="https://arxiv.org/abs/2106.04426">Roller et al. 2021, Hash Layers For Large Sparse Models</a>
 */
@NullMarked
package io.hashlayers.sharding.hash;

import org.jspecify.annotations.NullMarked;
