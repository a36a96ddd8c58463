/**
 * What every Spark job of ours needs: the sentence that matters out of what Spark says of a failure. Knows no job in
 * particular.
 */
@NullMarked
package io.hashlayers.driver.job;

import org.jspecify.annotations.NullMarked;
