/**
 * Text to a dataset: dictionary, token shards, frequencies, manifest; as Spark jobs over any Hadoop path.
 *
 * <p>The result depends on the input and the settings alone, not on cores or executors.
 */
@NullMarked
package io.hashlayers.driver.prepare;

import org.jspecify.annotations.NullMarked;
