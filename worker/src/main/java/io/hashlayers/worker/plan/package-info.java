/**
 * The planned traffic of a run, as files: which rows every rank receives in every step, and what that means in buffers,
 * bytes and imbalance.
 *
 * <p>Decides the formats of the {@code plan/} folder. Who counts the rows is the driver's business, and what a step does with
 * them is not known here. Letters: {@code W} ranks, {@code L} experts of one rank, {@code E} experts in all.
 */
@NullMarked
package io.hashlayers.worker.plan;

import org.jspecify.annotations.NullMarked;
