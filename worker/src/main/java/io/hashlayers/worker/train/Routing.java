package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.plan.RunPlan;
import java.io.Serializable;

/**
 * How the tokens of a run find their experts, the same in every sparse layer.
 *
 * @param hash which experts a token visits
 * @param placement which rank holds which expert
 * @param plan rows from every rank to every expert in every step
 * @param planDir where the plan's files are
 */
public record Routing(TokenHash hash, ExpertPlacement placement, RunPlan plan, String planDir)
        implements Serializable {}
