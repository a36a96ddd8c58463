/**
 * Feeds readers what they do not expect: samples of a format, changed at random from a seed, and checks that each ends as a reader
 * may end.
 */
@NullMarked
package io.hashlayers.sharding.testing.fuzz;

import org.jspecify.annotations.NullMarked;
