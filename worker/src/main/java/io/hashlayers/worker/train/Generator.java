package io.hashlayers.worker.train;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.checkpoint.SharedHash;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.PlannedRouter;
import io.hashlayers.worker.router.Router;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import io.hashlayers.worker.transformer.Routers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Continues a text by one token at a time, in one process that holds the whole model.
 *
 * <p>Every token costs a forward pass over one sequence: the last {@code S} tokens, at the start of the window while there are
 * fewer. Not thread-safe.
 */
public final class Generator {
    private final ModelConfig config;
    private final LanguageModel network;
    private final List<Router> routers; // of the sparse layers
    private final Map<SoleRoute, List<Integer>> routes; // of the hashes, with the sparse layers that follow them
    private final int[] window; // [S]

    private Generator(CheckpointReader checkpoint, String kernelsName) {
        ModelConfig trained = checkpoint.manifest().model();
        this.config = trained.with(trained.mixture().uncapped()); // tokens that are not there must push none out
        this.window = new int[config.contextLength()];
        this.routes = routes(checkpoint.hashes());
        int[] experts = IntStream.range(0, config.numExperts()).toArray();
        Parameters parameters = Parameters.forEvaluation(config, layer -> experts);
        CheckpointTensors.of(parameters).readFrom(checkpoint);
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        Kernels kernels = KernelsFactory.named(kernelsName);
        Activations activations = Activations.kept(window.length, window.length * choices(checkpoint.hashes()));
        List<ExpertPlacement> placements =
                Collections.nCopies(config.sparseLayers().size(), ExpertPlacement.roundRobin(config.numExperts(), 1));
        this.routers = Routers.create(parameters, kernels, alone, placements, activations, 0);
        this.network = new LanguageModel(parameters, kernels, alone, routers, activations, 0);
    }

    private Map<SoleRoute, List<Integer>> routes(List<SharedHash> hashes) {
        TokenRows batch = new TokenRows(window, new int[0], new int[0], config.vocabularySize(), window.length);
        Map<SoleRoute, List<Integer>> found = new LinkedHashMap<>();
        for (SharedHash shared : hashes) {
            if (shared.hash().leaks() || shared.hash().needsPrediction()) {
                throw new TrainingException(
                        Failure.USER,
                        "the model routes by a token that generation does not have yet ("
                                + shared.hash().parts().get(0).feature().name()
                                + "); it can be evaluated, but not generate");
            }
            found.put(
                    new SoleRoute(shared.hash(), batch),
                    shared.layers().stream().map(config.sparseLayers()::indexOf).toList());
        }
        return found;
    }

    /** Most choices that a row makes in any layer. */
    private int choices(List<SharedHash> hashes) {
        return hashes.stream().mapToInt(shared -> shared.hash().choices()).reduce(config.expertsPerToken(), Math::max);
    }

    /** Loads the whole model of a checkpoint into this process. */
    public static Generator load(CheckpointReader checkpoint, String kernels) {
        return new Generator(checkpoint, kernels);
    }

    /**
     * Draws tokens that continue a prompt.
     *
     * @param prompt at least one token
     * @param count most tokens to add
     * @param temperature divides the logits; 0 takes the most probable token
     * @param topK draws among the most probable only, 0 for all
     * @param stop ends the text after a token for which it holds
     * @return the new tokens alone
     * @throws IllegalArgumentException if the prompt is empty or a number is negative
     */
    public int[] generate(int[] prompt, int count, double temperature, int topK, long seed, IntPredicate stop) {
        if (prompt.length == 0 || count < 0 || temperature < 0 || topK < 0) {
            throw new IllegalArgumentException("an empty prompt or a negative number");
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<Integer> text = new ArrayList<>(Arrays.stream(prompt).boxed().toList());
        for (int i = 0; i < count; i++) {
            int next = draw(logitsAfter(text), temperature, topK, random);
            text.add(next);
            if (stop.test(next)) {
                break;
            }
        }
        return text.stream().skip(prompt.length).mapToInt(Integer::intValue).toArray();
    }

    private Matrix logitsAfter(List<Integer> text) {
        int used = Math.min(text.size(), window.length);
        Arrays.fill(window, 0);
        for (int i = 0; i < used; i++) {
            window[i] = text.get(text.size() - used + i);
        }
        routes.forEach((route, layers) -> {
            ShufflePlan plan = route.follow();
            layers.forEach(layer -> ((PlannedRouter) routers.get(layer)).follow(plan));
        });
        return network.logits(window, used - 1);
    }

    static int draw(Matrix logits, double temperature, int topK, SplittableRandom random) {
        Integer[] byLogit = new Integer[logits.cols()];
        Arrays.setAll(byLogit, token -> token);
        Arrays.sort(byLogit, (a, b) -> Float.compare(logits.get(0, b), logits.get(0, a)));
        int candidates = temperature == 0 ? 1 : topK == 0 ? byLogit.length : Math.min(topK, byLogit.length);
        double best = logits.get(0, byLogit[0]);
        double[] cumulative = new double[candidates];
        double sum = 0;
        for (int i = 0; i < candidates; i++) {
            sum += candidates == 1 ? 1 : Math.exp((logits.get(0, byLogit[i]) - best) / temperature);
            cumulative[i] = sum;
        }
        double point = random.nextDouble() * sum;
        int chosen = 0;
        while (chosen < candidates - 1 && cumulative[chosen] <= point) {
            chosen++;
        }
        return byLogit[chosen];
    }
}
