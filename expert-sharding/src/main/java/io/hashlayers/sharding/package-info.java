/**
 * Who goes where: tokens to experts to ranks, decided before training starts.
 *
 * <p>Plain Java: no Spark, no tensors, no I/O beyond its own tables. This root package holds only the one exception that
 * crosses module borders.
 */
@NullMarked
package io.hashlayers.sharding;

import org.jspecify.annotations.NullMarked;
