package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.plan.RunPlan;
import java.io.Serializable;

/**
 * A hash with the traffic that it makes.
 *
 * @param hash which units a row visits
 * @param placement rank of each unit: an expert, or a segment of one
 * @param plan rows from every rank to every unit in every micro-batch
 * @param planDir where the plan's files are
 */
public record PlannedHash(ExpertHash hash, ExpertPlacement placement, RunPlan plan, String planDir)
        implements Serializable {}
