package io.hashlayers.worker.checkpoint;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.Optional;
import java.util.SortedMap;

/**
 * What a checkpoint tells beside its tensors; the same on every rank.
 *
 * @param step after which the tensors stand
 * @param digests by name: tokenizer, dataset, table, plan
 * @param settings the resolved configuration of the run, as text
 * @param table of the model's experts, empty for a dense model
 */
public record CheckpointContent(
        long step,
        ModelConfig model,
        SortedMap<String, String> digests,
        String settings,
        Optional<ExpertTable> table) {}
