/** What the user runs: command line, data preparation, planning, launching and supervising a run. */
@NullMarked
package io.hashlayers.driver;

import org.jspecify.annotations.NullMarked;
