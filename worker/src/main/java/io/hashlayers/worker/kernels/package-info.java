/**
 * The few dense operations that the model needs, forward and backward, on row-major float32 matrices off the heap.
 *
 * <p>Nothing here knows of layers, ranks or Spark. Letters used for sizes: {@code R} rows (tokens), {@code D} model width,
 * {@code F} FFN width, {@code V} vocabulary, {@code S} sequence length, {@code H} heads.
 */
@NullMarked
package io.hashlayers.worker.kernels;

import org.jspecify.annotations.NullMarked;
