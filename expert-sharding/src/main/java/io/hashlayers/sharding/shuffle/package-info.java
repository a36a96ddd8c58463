/**
 * Decides which row of a batch goes where: the exchange of a sparse layer, computed before it happens.
 *
 * <p>Pure integer arithmetic. It knows neither how rows travel nor what they hold.
 *
 * <p>Letters used for sizes: {@code E} experts, {@code W} ranks, {@code L} experts of this rank, {@code R} rows (tokens) of
 * this rank's part of the batch, {@code k} experts per row.
 */
@NullMarked
package io.hashlayers.sharding.shuffle;

import org.jspecify.annotations.NullMarked;
