package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.SettingsPatch;
import java.util.Optional;

/**
 * A dataset of a study, for when it is not given prepared.
 *
 * @param name by which runs name it
 * @param text name of the text that it is made of
 * @param tokenizerOf the dataset whose dictionary it shares; empty for one of its own
 * @param prepare settings of its preparation
 */
public record DatasetRecipe(String name, String text, Optional<String> tokenizerOf, SettingsPatch prepare) {
    /** The dataset, and the text, of a study that names none. */
    public static final String MAIN = "main";
}
