/**
 * How long each kernel takes, by JMH; never part of a test, since figures are the machine's. CONTRIBUTING.md has the command.
 *
 * <p>Not null-marked: JMH fills the fields.
 */
package io.hashlayers.worker.kernels.benchmark;
