/**
 * How ranks talk: collectives over matrices, between ranks of one JVM by copy and between JVMs by Spark's transport.
 *
 * <p>Nothing here knows of layers or experts. Every wait has a deadline, and the failure of one rank ends all of them with
 * the first real error.
 */
@NullMarked
package io.hashlayers.worker.collective;

import org.jspecify.annotations.NullMarked;
