/**
 * Decides which rows of a batch visit which expert from what a learned router thinks of each pair: as many rows for every
 * expert ({@link io.hashlayers.sharding.assignment.BalancedAssignment}), or no more than it can take
 * ({@link io.hashlayers.sharding.assignment.ExpertCapacity}).
 *
 * <p>It sees scores and counts as plain arrays; it knows nothing of routers, gradients or how ranks tell each other.
 *
 * <p>Letters used for sizes: {@code E} experts, {@code W} ranks, {@code R} rows (tokens) of one rank, {@code T} rows of all
 * ranks, {@code k} choices of each row.
 */
@NullMarked
package io.hashlayers.sharding.assignment;

import org.jspecify.annotations.NullMarked;
