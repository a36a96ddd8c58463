package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import java.util.SortedMap;

/**
 * What a checkpoint tells beside its tensors; the same on every rank.
 *
 * @param step after which the tensors stand
 * @param digests by name: tokenizer, dataset, table, plan
 * @param settings the resolved configuration of the run, as text
 * @param hashes that layers of experts route by, none for a dense model or one that learns its routes
 * @param progress of the run
 */
public record CheckpointContent(
        long step,
        ModelConfig model,
        SortedMap<String, String> digests,
        String settings,
        List<SharedHash> hashes,
        RunProgress progress) {
    /** Of a model without a run. */
    public CheckpointContent(
            long step, ModelConfig model, SortedMap<String, String> digests, String settings, List<SharedHash> hashes) {
        this(step, model, digests, settings, hashes, RunProgress.NONE);
    }
}
