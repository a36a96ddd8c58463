/**
 * Faults on purpose: trains on a real cluster of processes on this machine, kills, hangs, fills and damages on a seeded
 * schedule, and compares what came of it with an undisturbed run.
 *
 * <p>All is done from outside, as it would happen: to processes, files and connections. Runs are started as a user starts
 * them; nothing in the other packages knows that it is being tried.
 */
@NullMarked
package io.hashlayers.driver.chaos;

import org.jspecify.annotations.NullMarked;
