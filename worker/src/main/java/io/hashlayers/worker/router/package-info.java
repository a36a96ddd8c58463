/**
 * Which experts the rows of a step visit, and with what weight.
 *
 * <p>Decides where rows go and hands the exchange to the collective as runs of rows. Knows no expert's parameters.
 */
@NullMarked
package io.hashlayers.worker.router;

import org.jspecify.annotations.NullMarked;
