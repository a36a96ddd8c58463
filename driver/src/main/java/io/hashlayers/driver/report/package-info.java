/**
 * The page that a study ends in: {@code report.html}, one file that works without network, on a phone and in print.
 *
 * <p>Decides how results look. Computes nothing that a table of results does not hold but means over seeds.
 */
@NullMarked
package io.hashlayers.driver.report;

import org.jspecify.annotations.NullMarked;
