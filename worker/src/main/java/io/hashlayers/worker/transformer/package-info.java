/**
 * The model: one class per layer, explicit forward and backward, no autodiff graph.
 *
 * <p>Shapes are written {@code [R, D]}: {@code R} rows (tokens) of this rank, {@code D} model width, {@code F} FFN width,
 * {@code E} experts in all, {@code V} vocabulary, {@code S} sequence length. Arrays are float32. Nothing here knows how
 * ranks talk or where the tokens come from.
 */
@NullMarked
package io.hashlayers.worker.transformer;

import org.jspecify.annotations.NullMarked;
