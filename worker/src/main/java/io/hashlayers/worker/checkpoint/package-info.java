/**
 * Checkpoints that know nothing of ranks: safetensors files and one manifest that is written last.
 *
 * <p>Decides the layout of a checkpoint's folder and what of it is checked. Knows tensors by name and shape only, neither
 * layers nor optimizers.
 */
@NullMarked
package io.hashlayers.worker.checkpoint;

import org.jspecify.annotations.NullMarked;
