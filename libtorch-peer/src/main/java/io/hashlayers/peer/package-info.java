/** The same model and training step in libtorch, for an honest comparison of speeds. */
@NullMarked
package io.hashlayers.peer;

import org.jspecify.annotations.NullMarked;
