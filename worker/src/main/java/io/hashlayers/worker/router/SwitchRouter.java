package io.hashlayers.worker.router;

import io.hashlayers.sharding.assignment.ExpertCapacity;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import java.util.Arrays;

/**
 * The router of Switch (Fedus et al. 2021, arXiv 2101.03961) and, with two experts for a token, of GShard (Lepikhin et al. 2020,
 * arXiv 2006.16668): {@code p = softmax(s)}; a row visits the k experts with the largest probabilities.
 *
 * <p>The gate is {@code p_e} for one expert, and {@code p_e / (p_1 + p_2)} for two. An expert takes a bounded number of a
 * micro-batch's rows, first choices before second ones, each in the order of the global batch; a choice beyond goes nowhere,
 * and the row keeps its residual. So what goes where does not depend on the number of ranks. (GShard drops some second
 * choices at random besides; we do not.)
 *
 * <p>In training {@code alpha E sum_e f_e P_e} is added to the loss: of the T rows of a micro-batch {@code f_e} is the share whose
 * first choice is e, taken as constant, and {@code P_e} the mean of {@code p_e}; with several micro-batches in a step, their
 * mean. It is {@code alpha} where both are uniform.
 */
final class SwitchRouter extends GatedRouter {
    private final SwitchConfig config;
    private final int numExperts;
    private final int rows;
    private final int tokens; // of all ranks
    private final ExpertCapacity capacity;
    private final int mostInTraining; // rows of an expert
    private final int mostInEvaluation;
    private final CountedPlan counted;
    private final int[] chosen; // [R k] by (row, choice)
    private final int[] admitted; // likewise, -1 for those beyond the capacity
    private final int[] counts; // [k E] of this rank
    private final float[] shares; // f, [E]

    SwitchRouter(RouterSetup setup, SwitchConfig config, RouterInput input) {
        super(setup, input);
        int k = setup.expertsPerToken();
        this.config = config;
        this.numExperts = setup.numExperts();
        this.rows = setup.rows();
        this.tokens = rows * setup.worldSize();
        this.capacity = new ExpertCapacity(setup.worldSize(), k, numExperts);
        this.mostInTraining = config.mostRows(config.capacityFactor(), tokens, numExperts, k);
        this.mostInEvaluation = config.mostRows(config.evaluationCapacityFactor(), tokens, numExperts, k);
        this.counted = new CountedPlan(setup, k * numExperts);
        this.chosen = new int[rows * k];
        this.admitted = new int[rows * k];
        this.counts = new int[k * numExperts];
        this.shares = new float[numExperts];
    }

    @Override
    ShufflePlan choose(float[] scores, RouterBatch batch, float[] gates) {
        Arrays.fill(counts, 0);
        for (int row = 0; row < rows; row++) {
            softmax(scores, row);
            choose(scores, row, gates);
        }
        int[][] all = counted.exchange(counts);
        if (batch.training()) {
            noteBalance(all, scores);
            statistics().noteChoices(counts);
        }
        capacity.limit(all, batch.training() ? mostInTraining : mostInEvaluation);
        System.arraycopy(chosen, 0, admitted, 0, chosen.length);
        capacity.admit(rank(), admitted);
        return counted.fill(admitted, capacity::admittedRows);
    }

    private void choose(float[] p, int row, float[] gates) {
        int k = expertsPerToken();
        double sum = 0;
        for (int choice = 0; choice < k; choice++) {
            int best = -1;
            for (int expert = 0; expert < numExperts; expert++) {
                boolean taken = choice > 0 && expert == chosen[row * k];
                if (!taken && (best < 0 || p[row * numExperts + expert] > p[row * numExperts + best])) {
                    best = expert;
                }
            }
            chosen[row * k + choice] = best;
            counts[choice * numExperts + best]++;
            gates[row * k + choice] = p[row * numExperts + best];
            sum += p[row * numExperts + best];
        }
        for (int i = row * k; i < (row + 1) * k && k > 1; i++) {
            gates[i] = (float) (gates[i] / sum);
        }
    }

    private void noteBalance(int[][] all, float[] p) {
        for (int expert = 0; expert < numExperts; expert++) {
            long first = 0;
            for (int[] ofRank : all) {
                first += ofRank[expert];
            }
            shares[expert] = (float) first / tokens;
        }
        double loss = 0;
        for (int i = 0; i < p.length; i++) {
            loss += shares[i % numExperts] * p[i];
        }
        statistics().noteBalance(numExperts * loss / tokens);
    }

    /** {@code ds_e = p_e (dp_e - sum_j p_j dp_j)}. */
    @Override
    void scoreGradients(float[] p, RouterBatch batch, float[] gates, float[] dGates, float[] dScores) {
        double weight = config.balanceWeight() * numExperts * batch.gradientScale();
        for (int row = 0; row < rows; row++) {
            int start = row * numExperts;
            for (int expert = 0; expert < numExperts; expert++) {
                dScores[start + expert] = (float) (weight * shares[expert]);
            }
            addGateGradients(p, row, gates, dGates, dScores);
            double mean = 0;
            for (int i = start; i < start + numExperts; i++) {
                mean += (double) p[i] * dScores[i];
            }
            for (int i = start; i < start + numExperts; i++) {
                dScores[i] = (float) (p[i] * (dScores[i] - mean));
            }
        }
    }

    /** Adds to dp what comes from the gates: {@code g_j = p_j / sum p} gives {@code (dg_j - sum_i g_i dg_i) / sum p}. */
    private void addGateGradients(float[] p, int row, float[] gates, float[] dGates, float[] dp) {
        int k = expertsPerToken();
        if (k == 1) {
            dp[row * numExperts + chosen[row]] += dGates[row];
            return;
        }
        double sum = 0;
        double mean = 0;
        for (int i = row * k; i < (row + 1) * k; i++) {
            sum += p[row * numExperts + chosen[i]];
            mean += (double) gates[i] * dGates[i];
        }
        for (int i = row * k; i < (row + 1) * k; i++) {
            dp[row * numExperts + chosen[i]] += (float) ((dGates[i] - mean) / sum);
        }
    }

    private void softmax(float[] scores, int row) {
        int start = row * numExperts;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = start; i < start + numExperts; i++) {
            most = Math.max(most, scores[i]);
        }
        double sum = 0;
        for (int i = start; i < start + numExperts; i++) {
            scores[i] = (float) Math.exp(scores[i] - most);
            sum += scores[i];
        }
        for (int i = start; i < start + numExperts; i++) {
            scores[i] = (float) (scores[i] / sum);
        }
    }
}
