/**
 * From a configuration to ranks: checks the cluster, plans the run, starts one barrier stage with a task for each rank and
 * tells what came of it, the first real failure included.
 *
 * <p>Decides what must hold before a rank starts and who hears of its progress. Knows neither the command line nor the inside
 * of a step. Letters: {@code W} ranks, {@code E} experts, {@code B} sequences of a global batch, {@code S} tokens of a sequence.
 */
@NullMarked
package io.hashlayers.driver.gang;

import org.jspecify.annotations.NullMarked;
