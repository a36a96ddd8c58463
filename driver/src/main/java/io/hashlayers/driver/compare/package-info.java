/**
 * Studies: a matrix of runs that differ in what is compared and in nothing else, what they measured, and what that says about
 * claims.
 *
 * <p>Decides which runs a study has, in which order they are done, which are kept, and by which test a claim is judged. Does not
 * know how a run trains, nor how results are shown.
 */
@NullMarked
package io.hashlayers.driver.compare;

import org.jspecify.annotations.NullMarked;
