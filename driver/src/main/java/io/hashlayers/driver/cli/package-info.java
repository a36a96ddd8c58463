/**
 * What the user types: one class for each command, their options and help, and how a failure is told and which exit status
 * it has.
 *
 * <p>Decides nothing about training: a command turns options and configuration into records, calls the one who does the work
 * and prints what came of it.
 */
@NullMarked
package io.hashlayers.driver.cli;

import org.jspecify.annotations.NullMarked;
