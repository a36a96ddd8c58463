/**
 * How fast training is on this machine, as a share of what its matrix unit can do in the same run.
 *
 * <p>Needs no data and no cluster: tokens are drawn from Zipf's law and the ranks are threads of this JVM.
 */
@NullMarked
package io.hashlayers.driver.bench;

import org.jspecify.annotations.NullMarked;
