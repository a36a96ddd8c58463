/**
 * The dense model in Deeplearning4j, trained on Spark by averaging parameters: what a JVM user has without Hashlayers, on the
 * same tokens in the same order and told in the same files.
 *
 * <p>Shapes are written {@code [N, D]}: {@code B} sequences of a worker's minibatch, {@code S} tokens of each, {@code N = B S}
 * rows, {@code D} model width, {@code F} FFN width, {@code H} heads, {@code V} vocabulary. Arrays are float32.
 */
@NullMarked
package io.hashlayers.dl4j;

import org.jspecify.annotations.NullMarked;
