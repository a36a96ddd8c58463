/**
 * Decides which rank holds which expert.
 *
 * <p>It sees only the expected load of every expert, known from token frequencies before training; it knows nothing of
 * tables, batches or what an expert is made of.
 *
 * <p>Letters used for sizes: {@code E} experts, {@code W} ranks (the world size).
 */
@NullMarked
package io.hashlayers.sharding.placement;

import org.jspecify.annotations.NullMarked;
