/** Runs on stores other than the local disk; in the package of the tiny runs that they share with the tests of {@code driver}. */
@NullMarked
package io.hashlayers.driver.gang;

import org.jspecify.annotations.NullMarked;
