package io.hashlayers.worker.train;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.hash.TokenRows;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.shuffle.ShufflePlan;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.checkpoint.CheckpointTensors;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.router.HashRouter;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.LanguageModel;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.Parameters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Continues a text by one token at a time, in one process that holds the whole model.
 *
 * <p>Every token costs a forward pass over one sequence: the last {@code S} tokens, at the start of the window while there are
 * fewer. Not thread-safe.
 */
public final class Generator {
    private final ModelConfig config;
    private final LanguageModel network;
    private final HashRouter router = new HashRouter();
    private final @Nullable Route route;
    private final int[] window; // [S]

    /** The exchange of a single rank with itself. */
    private record Route(TokenRows window, TokenHash hash, ShufflePlan plan, List<int[]> buffers) {
        static Route of(ExpertTable table, TokenRows window) {
            ExpertPlacement alone = ExpertPlacement.roundRobin(table.numExperts(), 1);
            int rows = window.rows();
            int choices = rows * table.expertsPerToken();
            return new Route(
                    window,
                    new TokenHash(TokenFeature.CURRENT_TOKEN, table),
                    new ShufflePlan(alone, 0, rows, table.expertsPerToken(), choices),
                    List.of(new int[choices], new int[table.numExperts()]));
        }

        void follow() {
            int[] experts = buffers.get(0);
            int[] counts = buffers.get(1);
            hash.expertsOf(window, window.rows(), experts);
            Arrays.fill(counts, 0);
            for (int expert : experts) {
                counts[expert]++;
            }
            plan.fill(experts, new int[][] {counts});
        }
    }

    private Generator(CheckpointReader checkpoint, String kernels) {
        this.config = checkpoint.manifest().model();
        this.window = new int[config.contextLength()];
        this.route = checkpoint
                .table()
                .map(table -> Route.of(
                        table, new TokenRows(window, new int[0], new int[0], config.vocabularySize(), window.length)))
                .orElse(null);
        int[] experts = new int[config.numExperts()];
        Arrays.setAll(experts, expert -> expert);
        Parameters parameters = Parameters.forEvaluation(config, layer -> experts);
        CheckpointTensors.of(parameters).readFrom(checkpoint);
        Collective alone = LocalCollectives.create(1, Duration.ofMinutes(1)).get(0);
        this.network = new LanguageModel(
                parameters,
                KernelsFactory.named(kernels),
                alone,
                Collections.nCopies(config.sparseLayers().size(), router),
                Activations.kept(config.contextLength(), config.contextLength() * config.expertsPerToken()),
                0);
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
        if (route != null) {
            route.follow();
            router.follow(route.plan());
        }
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
