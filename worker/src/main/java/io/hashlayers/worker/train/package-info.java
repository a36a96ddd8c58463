/**
 * The loop of a rank: train, evaluate, generate. The same program runs on every rank.
 *
 * <p>Knows neither Spark nor the command line: the driver hands it a configuration, its rank's collective and a listener.
 */
@NullMarked
package io.hashlayers.worker.train;

import org.jspecify.annotations.NullMarked;
