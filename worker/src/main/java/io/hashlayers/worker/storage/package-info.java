/**
 * How our files come into being on any Hadoop file system: whole under their name, or not at all.
 *
 * <p>Decides names of temporary files, renames, bounds of what is read into memory and the form of JSON manifests. Knows
 * nothing of what the files mean.
 */
@NullMarked
package io.hashlayers.worker.storage;

import org.jspecify.annotations.NullMarked;
