/**
 * Kernels for CPUs: matrix products by oneDNN on the matrices' own memory, all else as fused loops with Java's
 * Vector API, the products of attention included.
 *
 * <p>One class per operation; {@link io.hashlayers.worker.kernels.vector.VectorKernels} only binds them together. Compiled apart
 * from the rest because the Vector API of JDK 17 is an incubating module.
 */
@NullMarked
package io.hashlayers.worker.kernels.vector;

import org.jspecify.annotations.NullMarked;
