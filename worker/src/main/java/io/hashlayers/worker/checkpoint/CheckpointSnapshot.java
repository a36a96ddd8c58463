package io.hashlayers.worker.checkpoint;

import io.hashlayers.worker.kernels.Matrix;
import java.util.ArrayList;
import java.util.List;

/**
 * A copy of all that one rank writes to a checkpoint, which stays as it is while training goes on. Its memory is allocated once
 * and holds one checkpoint at a time: of each tensor that the rank writes, value and both moments.
 */
public final class CheckpointSnapshot {
    private final List<CheckpointFile> live;
    private final List<CheckpointFile> copies = new ArrayList<>(); // of those that this rank writes

    /**
     * Allocates the memory.
     *
     * @param tensors what is copied
     * @param rank whose they are
     */
    public CheckpointSnapshot(CheckpointTensors tensors, int rank) {
        this.live = tensors.files(rank).stream().flatMap(List::stream).toList();
        for (CheckpointFile file : live) {
            if (file.written()) {
                copies.add(new CheckpointFile(file.name(), allocate(file.tensors()), () -> {}, true));
            }
        }
    }

    private static List<NamedTensor> allocate(List<NamedTensor> tensors) {
        return tensors.stream()
                .map(tensor -> new NamedTensor(
                        tensor.name(),
                        Matrix.allocate(tensor.values().rows(), tensor.values().cols())))
                .toList();
    }

    /** Copies all tensors as they are now. All ranks call it together, between two steps. */
    public void take() {
        int next = 0;
        for (CheckpointFile file : live) {
            file.gather().run();
            if (file.written()) {
                List<NamedTensor> into = copies.get(next++).tensors();
                for (int i = 0; i < into.size(); i++) {
                    into.get(i).values().copyFrom(file.tensors().get(i).values());
                }
            }
        }
    }

    List<CheckpointFile> files() {
        return copies;
    }
}
