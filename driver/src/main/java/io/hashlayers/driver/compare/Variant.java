package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.SettingsPatch;

/**
 * What is compared with others.
 *
 * @param name also that of its folder
 * @param settings in which it differs from the base of the study
 */
public record Variant(String name, SettingsPatch settings) {}
