package io.hashlayers.dl4j;

import java.io.Serializable;

/**
 * What one worker measured in one step, before its update.
 *
 * @param step counted from 1
 * @param loss mean over the tokens of the worker's minibatch, nats
 * @param gradientNorm of that mean, before clipping
 */
record WorkerStep(long step, double loss, double gradientNorm) implements Serializable {}
