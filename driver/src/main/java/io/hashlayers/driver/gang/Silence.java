package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.RankActivity;
import java.time.Duration;
import java.util.SortedMap;

/**
 * An executor that does not tell any more that its ranks live.
 *
 * @param executor Spark's id of it
 * @param lasted since the driver heard of it last
 * @param ranks that lived there, and what they were in then
 */
record Silence(String executor, Duration lasted, SortedMap<Integer, RankActivity.Snapshot> ranks) {}
