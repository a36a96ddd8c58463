/**
 * Tensors of parameters: what they are called, where they lie in flat memory, their first values and their gradients.
 *
 * <p>Knows no layer and no optimizer; layers, routers, the optimizer and checkpoints work on what is here.
 */
@NullMarked
package io.hashlayers.worker.parameter;

import org.jspecify.annotations.NullMarked;
