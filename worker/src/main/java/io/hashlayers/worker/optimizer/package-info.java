/**
 * How parameters move: AdamW, its schedule, clipping by the true global norm.
 *
 * <p>Knows flat groups of parameters and gradients, not layers.
 */
@NullMarked
package io.hashlayers.worker.optimizer;

import org.jspecify.annotations.NullMarked;
