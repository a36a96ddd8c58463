package io.hashlayers.worker.transformer;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.router.RouterConfig;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;

/**
 * The layers of experts of a model.
 *
 * @param layers ascending indices, from 0, of the blocks whose FFN is a layer of experts
 * @param numExperts {@code E}, experts of each sparse layer in the whole cluster
 * @param expertsPerToken {@code k}, experts that a token visits
 * @param routers of the sparse layers, one for each, in order
 * @param sharedExperts experts beside them in each sparse layer that every token visits
 * @param expertDropout probability of dropping an element inside an expert, 0 for none
 * @param sublayers feed-forward networks of each expert, one behind the other (BASE Layers, arXiv 2103.16716)
 */
public record MixtureConfig(
        List<Integer> layers,
        int numExperts,
        int expertsPerToken,
        List<RouterConfig> routers,
        int sharedExperts,
        double expertDropout,
        int sublayers)
        implements Serializable {
    public MixtureConfig {
        layers = List.copyOf(layers);
        routers = List.copyOf(routers);
        requireAtLeast("moe.num-experts", numExperts, 1);
        requireAtLeast("moe.experts-per-token", expertsPerToken, 1);
        requireAtLeast("moe.shared-experts", sharedExperts, 0);
        requireAtLeast("moe.sublayers", sublayers, 1);
        if (expertsPerToken > numExperts) {
            throw user("moe.experts-per-token is %d but moe.num-experts only %d; lower the first or raise the second"
                    .formatted(expertsPerToken, numExperts));
        }
        if (!(expertDropout >= 0 && expertDropout < 1)) {
            throw user("moe.expert-dropout is " + expertDropout + "; set it to 0 or more and less than 1");
        }
        if (routers.size() != layers.size()) {
            throw user(
                    "moe.router names %d routers for %d layers of experts; give one for all, or one for each of moe.layers"
                            .formatted(routers.size(), layers.size()));
        }
        for (RouterConfig router : routers) {
            router.requireFit(numExperts, expertsPerToken);
            if (router.segments() > 1 && sublayers > 1) {
                throw user("moe.segments is %d and moe.sublayers %d; set one of them to 1"
                        .formatted(router.segments(), sublayers));
            }
        }
    }

    /** Layers whose experts are one network each. */
    public MixtureConfig(
            List<Integer> layers,
            int numExperts,
            int expertsPerToken,
            List<RouterConfig> routers,
            int sharedExperts,
            double expertDropout) {
        this(layers, numExperts, expertsPerToken, routers, sharedExperts, expertDropout, 1);
    }

    /** Layers that all route by a hash and sum the answers of a token's experts. */
    public static MixtureConfig hash(List<Integer> layers, int numExperts, int expertsPerToken) {
        return of(layers, numExperts, expertsPerToken, HashConfig.SUM);
    }

    /** Layers that all route alike. */
    public static MixtureConfig of(List<Integer> layers, int numExperts, int expertsPerToken, RouterConfig router) {
        return new MixtureConfig(layers, numExperts, expertsPerToken, Collections.nCopies(layers.size(), router), 0, 0);
    }

    /** The same with routers that drop no row of an evaluation. */
    public MixtureConfig uncapped() {
        return new MixtureConfig(
                layers,
                numExperts,
                expertsPerToken,
                routers.stream().map(router -> router.uncapped(numExperts)).toList(),
                sharedExperts,
                expertDropout,
                sublayers);
    }

    /** The same with so many networks in each expert. */
    public MixtureConfig stacked(int networks) {
        return new MixtureConfig(layers, numExperts, expertsPerToken, routers, sharedExperts, expertDropout, networks);
    }

    /** The same without any layer. */
    MixtureConfig none() {
        return new MixtureConfig(
                List.of(), numExperts, expertsPerToken, List.of(), sharedExperts, expertDropout, sublayers);
    }

    private static void requireAtLeast(String key, int value, int least) {
        if (value < least) {
            throw user(key + " is " + value + "; set it to " + least + " or more");
        }
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
