/**
 * Who goes where: tokens to experts to ranks, decided before training starts.
 *
 * <p>Plain Java: no Spark, no tensors, no I/O beyond its own tables. This root package holds only what crosses every
 * border: the one exception, and the form of a content digest.
 */
@NullMarked
package io.hashlayers.sharding;

import org.jspecify.annotations.NullMarked;
