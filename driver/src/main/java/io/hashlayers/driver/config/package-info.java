/**
 * Configuration: HOCON in, records out. Every key is one of {@code reference.conf}, every value has its type; a slip is told
 * with its place and what was probably meant.
 *
 * <p>Decides names and defaults of settings. Nothing behind this package sees HOCON or the names of keys, but for the records
 * that name a key when its value is out of range.
 */
@NullMarked
package io.hashlayers.driver.config;

import org.jspecify.annotations.NullMarked;
