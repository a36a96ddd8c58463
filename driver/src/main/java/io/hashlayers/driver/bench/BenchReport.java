package io.hashlayers.driver.bench;

import io.hashlayers.worker.transformer.ModelConfig;
import java.io.Serializable;
import java.util.List;

/**
 * What the benchmark measured, of all ranks in one run.
 *
 * @param kernels what computes
 * @param worldSize {@code W}
 * @param parameters of the whole model
 * @param multipliedWeights weights that multiply a token
 * @param tokensPerStep of the global batch
 * @param limits of the machine, all ranks together
 * @param steps of the model
 * @param rivals other models whose steps were timed in turn with these
 * @param operations of a step of rank 0, means over some steps; with the waits and exchanges
 * @param exchanges between the ranks; empty for one rank
 */
public record BenchReport(
        String kernels,
        int worldSize,
        ModelConfig model,
        long parameters,
        long multipliedWeights,
        long tokensPerStep,
        Limits limits,
        Steps steps,
        List<Rival> rivals,
        List<OperationTime> operations,
        List<Exchange> exchanges)
        implements Serializable {
    public BenchReport {
        rivals = List.copyOf(rivals);
        operations = List.copyOf(operations);
        exchanges = List.copyOf(exchanges);
    }

    /**
     * What the machine can do at most.
     *
     * @param flopRate single-precision operations a second of 1024 x 1024 x 1024 products
     * @param byteRate bytes a second that a sum of two large matrices reads and writes
     */
    public record Limits(double flopRate, double byteRate) implements Serializable {}

    /**
     * Whole training steps.
     *
     * @param median seconds, as {@code least} and {@code most}
     * @param shareOfPeak operations of the multiplied weights over what the limit allows in the same time
     * @param firstLoss nats per token
     * @param heapBytesPerStep that rank 0 allocated on the heap, the drawing of tokens included
     * @param offHeapGrowth bytes of matrices that the process of rank 0 allocated in all of these steps
     * @param sentBytesPerStep that rank 0 sent to others
     * @param leastBytesPerStep that it had to send; not a number where a router learns
     */
    public record Steps(
            int count,
            double median,
            double least,
            double most,
            double tokensPerSecond,
            double shareOfPeak,
            double firstLoss,
            double lastLoss,
            long heapBytesPerStep,
            long offHeapGrowth,
            double sentBytesPerStep,
            double leastBytesPerStep)
            implements Serializable {}

    /**
     * A model that differs in its feed-forward networks alone.
     *
     * @param name {@code dense}, or that of its router
     */
    public record Rival(String name, Steps steps) implements Serializable {}

    /**
     * One collective operation of a size.
     *
     * @param bytes of each rank's matrix
     * @param seconds median
     * @param leavingBytes that each rank sends to others
     */
    public record Exchange(String name, long bytes, double seconds, double leavingBytes) implements Serializable {}

    /** Operations of a step: 6 for each token and multiplied weight (2 forward, 4 backward; Kaplan et al. 2020). */
    public double flopPerStep() {
        return 6.0 * multipliedWeights * tokensPerStep;
    }

    /** Seconds that a step of one rank spent in the operations that were noted, waits and exchanges included. */
    double notedSeconds() {
        return operations.stream().mapToDouble(OperationTime::seconds).sum();
    }

    /**
     * Seconds that one layer of experts takes of a step, exchange included and waits not: what is done on rows of experts, and
     * the ways there and back.
     */
    double sparseLayerSeconds() {
        return operations.stream()
                        .filter(OperationTime::ofExperts)
                        .mapToDouble(OperationTime::seconds)
                        .sum()
                / model.sparseLayers().size();
    }

    /** Seconds that one dense feed-forward network takes of a step. */
    double denseLayerSeconds() {
        return operations.stream()
                        .filter(operation -> operation.ofDenseNetwork(model.ffnDim()))
                        .mapToDouble(OperationTime::seconds)
                        .sum()
                / (model.layers() - model.sparseLayers().size());
    }

    /**
     * Whether a layer of experts can be set beside a dense network of as many operations. With fewer experts some get as many rows
     * as a rank has, and their operations cannot be told from those of a dense network.
     */
    boolean comparesLayers() {
        return model.expertsPerToken() == 1
                && model.numExperts() >= 2 * worldSize
                && !model.sparseLayers().isEmpty()
                && model.sparseLayers().size() < model.layers();
    }

    /** Seconds of a part of a step. */
    double seconds(OperationTime.Part part) {
        return operations.stream()
                .filter(operation -> operation.part() == part)
                .mapToDouble(OperationTime::seconds)
                .sum();
    }
}
