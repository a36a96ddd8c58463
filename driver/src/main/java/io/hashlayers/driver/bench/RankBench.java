package io.hashlayers.driver.bench;

import io.hashlayers.driver.bench.BenchReport.Limits;
import io.hashlayers.driver.bench.BenchReport.Rival;
import io.hashlayers.sharding.hash.ExpertHash;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.kernels.KernelsFactory;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The benchmark of one rank: limits of the machine, whole steps, then steps with every operation noted.
 *
 * <p>What is compared is measured in turn, so that a machine that slows down or speeds up does so for both.
 */
final class RankBench {
    private static final int WARM_UP_STEPS = 30; // products of most numbers of rows are compiled by then
    private static final int STEPS_IN_TURN = 5;
    private static final int NOTED_STEPS = 10;
    private static final double SECONDS = 0.5;
    private static final long CORPUS = 100_000_000L;

    private final RunConfig config;
    private final SortedMap<String, RunConfig> rivals;
    private final int count;
    private final Collective plain;
    private final TimedCollective collective;
    private final TimedKernels kernels;
    private final MachineLimits machine;

    RankBench(RunConfig config, SortedMap<String, RunConfig> rivals, int count, Collective plain) {
        this.config = config;
        this.rivals = rivals;
        this.count = count;
        this.plain = plain;
        this.collective = new TimedCollective(plain);
        this.kernels = new TimedKernels(
                KernelsFactory.named(config.kernels()),
                config.sequencesPerRank(plain.worldSize()) * config.model().contextLength(),
                config.model().vocabularySize());
        this.machine = new MachineLimits(kernels);
    }

    BenchReport run() {
        ModelConfig model = config.model();
        ParameterLayout layout = ParameterLayout.of(model);
        long tokens = (long) config.train().batchSequences() * model.contextLength();
        StepTimes steps = new StepTimes(training(config), count);
        SortedMap<String, StepTimes> others = new TreeMap<>();
        rivals.forEach((name, rival) -> others.put(name, new StepTimes(training(rival), count)));
        steps.warmUp(WARM_UP_STEPS);
        others.values().forEach(other -> other.warmUp(WARM_UP_STEPS));
        double before = machine.flopRate(meet(SECONDS));
        timeInTurn(steps, others.values());
        double flopRate = sum((before + machine.flopRate(meet(SECONDS))) / 2); // around the steps
        Limits limits = new Limits(flopRate, sum(machine.byteRate(meet(SECONDS))));
        double flop = 6.0 * layout.multipliedWeights() * tokens;
        return new BenchReport(
                kernels.description(),
                plain.worldSize(),
                model,
                layout.totalParameters(),
                layout.multipliedWeights(),
                tokens,
                limits,
                steps.result(plain, tokens, flop, flopRate),
                results(others, tokens, flopRate),
                noted(steps),
                new ExchangeTimes(plain).measure());
    }

    private void timeInTurn(StepTimes steps, Collection<StepTimes> others) {
        for (int done = 0; done < count; done += STEPS_IN_TURN) {
            int turn = Math.min(STEPS_IN_TURN, count - done);
            meet(0);
            steps.time(turn);
            for (StepTimes other : others) {
                meet(0);
                other.time(turn);
            }
        }
    }

    private List<Rival> results(SortedMap<String, StepTimes> others, long tokens, double flopRate) {
        List<Rival> results = new ArrayList<>();
        others.forEach((name, times) -> {
            ModelConfig model = Objects.requireNonNull(rivals.get(name)).model();
            double flop = 6.0 * ParameterLayout.of(model).multipliedWeights() * tokens;
            results.add(new Rival(name, times.result(plain, tokens, flop, flopRate)));
        });
        return results;
    }

    private List<OperationTime> noted(StepTimes steps) {
        OperationTimes times = new OperationTimes();
        kernels.noteIn(times);
        collective.noteIn(times);
        steps.note(NOTED_STEPS, times);
        kernels.stop();
        collective.stop();
        return times.perStep(NOTED_STEPS);
    }

    private TrainingSteps training(RunConfig chosen) {
        ModelConfig model = chosen.model();
        ZipfTokens zipf = new ZipfTokens(model.vocabularySize());
        long[] counts = zipf.expectedCounts(CORPUS);
        ExpertHash hash = hash(chosen, counts);
        long[][] countsOfParts =
                Collections.nCopies(hash.parts().size(), counts).toArray(long[][]::new);
        ExpertPlacement placement = ExpertPlacement.byLoad(hash.expertLoads(countsOfParts), plain.worldSize());
        return new TrainingSteps(chosen, collective, kernels, hash, placement, zipf);
    }

    /** The hash of all layers that have one. */
    private static ExpertHash hash(RunConfig chosen, long[] counts) {
        int segments = chosen.model().mixture().routers().stream()
                .mapToInt(RouterConfig::segments)
                .max()
                .orElse(1);
        List<TokenHash> parts = IntStream.range(0, segments)
                .mapToObj(number ->
                        new TokenHash(TokenFeature.CURRENT_TOKEN, chosen.table().build(chosen.model(), counts, number)))
                .toList();
        return segments == 1 ? parts.get(0) : new MultiHash(parts);
    }

    /** Waits for the others and returns the argument, so that all measure at the same time. */
    private double meet(double seconds) {
        plain.allReduce(new double[1]);
        return seconds;
    }

    private double sum(double mine) {
        double[] all = {mine};
        plain.allReduce(all);
        return all[0];
    }
}
