/**
 * What every Spark job of ours needs: the sentence that matters out of what Spark says of a failure, and an end to
 * the patience of the clients of its storage. Knows no job in
 * particular.
 */
@NullMarked
package io.hashlayers.driver.job;

import org.jspecify.annotations.NullMarked;
