/**
 * How the tensors of a saved model become the first values of another: the same model on other text, a sparse model from a dense
 * one, another router over the same experts.
 *
 * <p>Decides which tensor begins as which. Knows names and shapes of tensors, but no optimizer and no data.
 */
@NullMarked
package io.hashlayers.worker.transfer;

import org.jspecify.annotations.NullMarked;
