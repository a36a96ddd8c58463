package io.hashlayers.worker.checkpoint;

import java.util.List;

/**
 * A file of a checkpoint, as one rank knows it.
 *
 * @param name without its ending
 * @param tensors hold the values once they are gathered
 * @param gather brings them there; all ranks call it together, whoever writes the file
 * @param written whether it is this rank that writes it
 */
record CheckpointFile(String name, List<NamedTensor> tensors, Runnable gather, boolean written) {}
