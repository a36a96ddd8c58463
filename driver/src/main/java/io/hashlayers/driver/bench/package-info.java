/**
 * How fast training is on the ranks of any master, as a share of what their matrix units can do in the same run.
 *
 * <p>Needs no data: tokens are drawn from Zipf's law, independently, so experts are as balanced as their table can make them.
 */
@NullMarked
package io.hashlayers.driver.bench;

import org.jspecify.annotations.NullMarked;
