/** What an executor does: kernels, model, optimizer, collectives, checkpoints and the loop of a rank. */
@NullMarked
package io.hashlayers.worker;

import org.jspecify.annotations.NullMarked;
