package io.hashlayers.worker.router;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.hashlayers.worker.parameter.TensorList;
import java.io.Serializable;

/**
 * What a sparse layer routes by, as configured: the name of its router and its settings, and all that must be known of it
 * before it exists. A new router is a record that implements this, beside the router itself.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "router")
@JsonSubTypes({
    @JsonSubTypes.Type(value = HashConfig.class, name = HashConfig.NAME),
    @JsonSubTypes.Type(value = SwitchConfig.class, name = SwitchConfig.NAME),
    @JsonSubTypes.Type(value = BaseConfig.class, name = BaseConfig.NAME)
})
public sealed interface RouterConfig extends Serializable permits HashConfig, SwitchConfig, BaseConfig {
    /** Name in configurations and checkpoints: the value of {@code moe.router}. */
    String kind();

    /** Name in reports: the kind and what makes it differ from the usual one. */
    String name();

    /** Whether its plans are made ahead of the steps, from the token ids alone: a {@link PlannedRouter}. */
    boolean planned();

    /** {@code N}: parts that each expert is cut into, of which a row visits one of each (MultiHash); 1 for whole experts. */
    default int segments() {
        return 1;
    }

    /** Whether experts begin as 0, so that the layer begins as the identity. */
    boolean silentExperts();

    /** Whether its router keeps the answers of the experts for the backward pass; see {@link Router#keepsAnswers}. */
    boolean keepsAnswers();

    /** Whether rows are exchanged at random between ranks before they are routed in training. */
    boolean shufflesRows();

    /**
     * {@code G}: groups that a micro-batch is cut into by the numbers of its rows, of which each rank must have as many whole ones;
     * 0 if there is nothing that ranks must share but sequences.
     */
    default int groups() {
        return 0;
    }

    /**
     * Requires that it can route to so many experts.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind USER if not, which names the key to change
     */
    void requireFit(int numExperts, int expertsPerToken);

    /**
     * Requires that it can train on so many rows of each rank.
     *
     * @throws io.hashlayers.sharding.TrainingException of kind USER if not, which names the keys to change
     */
    void requireRows(int rows, int worldSize, int numExperts);

    /** Adds the tensors of the router, which every rank has, under names that begin with the prefix. */
    void addTensors(TensorList tensors, String prefix, int modelDim, int numExperts);

    /**
     * Most rows that a rank can receive in a micro-batch; nothing of a {@link #planned} router, whose plan says it exactly.
     *
     * @param rows of each rank
     * @param localExperts experts of this rank
     */
    int receiveCapacity(int rows, int worldSize, int numExperts, int localExperts, int expertsPerToken);

    /** Floats of off-heap memory that the router of a rank takes. */
    long floats(int rows, int modelDim, int numExperts);

    /** The same with room for all rows of an evaluation at any expert, so that none is dropped. */
    RouterConfig uncapped(int numExperts);

    /** Makes the router of one layer on one rank. */
    Router create(RouterSetup setup);
}
