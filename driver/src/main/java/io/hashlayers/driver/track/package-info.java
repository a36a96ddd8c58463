/**
 * What a run leaves for people and pipelines: the progress line, {@code metrics.jsonl}, {@code summary.json} and the picture
 * of its loss.
 *
 * <p>Decides names of fields and how numbers read. Knows nothing of how a run is done.
 */
@NullMarked
package io.hashlayers.driver.track;

import org.jspecify.annotations.NullMarked;
