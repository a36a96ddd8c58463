package io.hashlayers.driver.gang;

import io.hashlayers.worker.collective.TransportMemory;
import io.hashlayers.worker.collective.TransportSettings;
import io.hashlayers.worker.parameter.ParameterGroup;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.ExchangedRows;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ModelMemory;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * What the busiest process of a run will hold in memory: to the byte for tensors and messages, by measurement for the rest.
 *
 * @param model tensors of all its ranks
 * @param transportBytes messages to and from ranks of other processes
 * @param process the JVM around them
 */
public record MemoryPlan(ModelMemory model, long transportBytes, RankProcess process) implements Serializable {
    /** Plans the ranks of a training. */
    static MemoryPlan training(RunConfig config, Routing routing, int worldSize, RankProcess process) {
        return of(config, routing, worldSize, process, true);
    }

    /** Plans ranks that only evaluate. */
    static MemoryPlan evaluation(RunConfig config, Routing routing, int worldSize, RankProcess process) {
        return of(config, routing, worldSize, process, false);
    }

    private static MemoryPlan of(
            RunConfig config, Routing routing, int worldSize, RankProcess process, boolean training) {
        ModelConfig model = config.model();
        int rows = config.sequencesPerRank(worldSize) * model.contextLength();
        List<ModelMemory> ranks = new ArrayList<>();
        long largestExchange = 0; // floats
        for (int rank = 0; rank < worldSize; rank++) {
            int experts = routing.localExperts(rank);
            int capacity = routing.receiveCapacity(model, rank, rows, splits(routing));
            Activations activations =
                    new Activations(rows, capacity, config.train().recomputeActivations());
            ranks.add(
                    training
                            ? training(config, activations, experts, rank, worldSize)
                            : ModelMemory.evaluation(model, activations, experts));
            largestExchange = Math.max(largestExchange, largestExchange(model, rows, capacity));
        }
        long transport = process.ranks()
                * TransportMemory.ofRank(
                        worldSize - process.ranks(),
                        largestExchange * Float.BYTES,
                        training ? largestReduction(model, worldSize) : 0,
                        TransportSettings.DEFAULT_MAX_MESSAGE_BYTES);
        return new MemoryPlan(busiest(ranks, process.ranks()), transport, process);
    }

    private static ModelMemory training(
            RunConfig config, Activations activations, int experts, int rank, int worldSize) {
        ModelMemory memory = ModelMemory.training(config.model(), activations, experts, rank, worldSize);
        return config.train().copiesForCheckpoints() ? memory.withSnapshot(config.model(), experts, rank) : memory;
    }

    /** The splits that the run will read; a hash has a plan for each of them. */
    private static Set<String> splits(Routing routing) {
        return routing.hashes().isEmpty()
                ? Set.of()
                : routing.hashes().get(0).plan().splits().keySet();
    }

    /** Floats that a rank sends at most to another one in an exchange of any layer. */
    private static long largestExchange(ModelConfig model, int rows, int capacity) {
        long largest = 0;
        for (RouterConfig router : model.mixture().routers()) {
            long choices = (long) rows * model.expertsPerToken() * router.segments();
            int widest = ExchangedRows.of(model, router.segments()).widest();
            largest = Math.max(largest, Math.min(choices, capacity) * widest);
        }
        return largest;
    }

    private static long largestReduction(ModelConfig model, int worldSize) {
        long dense = ParameterLayout.of(model).denseParameters();
        return TransportMemory.reductionMessage(Math.min(ParameterGroup.sharedPiece(dense), dense), worldSize);
    }

    /** Which ranks share a process is not known before they meet, so it gets the busiest ones. */
    private static ModelMemory busiest(List<ModelMemory> ranks, int count) {
        return ranks.stream()
                .sorted(Comparator.comparingLong(ModelMemory::totalBytes).reversed())
                .limit(count)
                .reduce(new ModelMemory(0, 0, 0, 0, 0), ModelMemory::plus);
    }

    /** All but the heap: what a container must grant on top of it. */
    public long besideHeapBytes() {
        return model.totalBytes() + transportBytes + process.baseBytes();
    }

    /** What the process will hold at most at one time. */
    public long totalBytes() {
        return besideHeapBytes() + process.heapBytes();
    }
}
