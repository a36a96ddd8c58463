package io.hashlayers.driver.compare;

import io.hashlayers.worker.data.DatasetManifest;
import java.util.OptionalDouble;

/**
 * A dataset of a study that is there.
 *
 * @param name in the study
 * @param folder that prepare wrote
 * @param tokensPerWord of its validation text; empty if its dictionary is not there to tell
 */
public record StudyDataset(String name, String folder, DatasetManifest manifest, OptionalDouble tokensPerWord) {}
