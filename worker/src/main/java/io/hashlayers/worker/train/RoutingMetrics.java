package io.hashlayers.worker.train;

import java.io.Serializable;

/**
 * What one layer of experts did in one step, over all ranks.
 *
 * @param layer index of the block
 * @param maxVio rows of the busiest expert divided by the mean, minus 1
 * @param dropped share of the choices of tokens that were beyond an expert's capacity
 * @param gateMean mean weight of an answer; 0 where the router has no gates of its own
 * @param balanceLoss without its weight; 1 where routing and probabilities are uniform, 0 where there is none
 * @param assignmentRounds mean rounds of an assignment; 0 where there is none
 */
public record RoutingMetrics(
        int layer, double maxVio, double dropped, double gateMean, double balanceLoss, double assignmentRounds)
        implements Serializable {}
