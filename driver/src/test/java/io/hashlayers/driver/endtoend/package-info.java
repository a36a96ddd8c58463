/**
 * The commands as a user runs them: real processes started by {@code deploy/hashlayers}, on real text.
 *
 * <p>These tests run in the {@code verify} phase, after the bundle is packaged.
 */
@NullMarked
package io.hashlayers.driver.endtoend;

import org.jspecify.annotations.NullMarked;
