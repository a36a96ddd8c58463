package io.hashlayers.driver.track;

import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.GangFailure;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.train.EvaluationMetrics;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ParameterLayout;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Tells a run to people: what was planned, who met, one line of progress, what came of it. */
public final class ConsoleReporter implements RunReporter {
    private static final double MUCH = 0.2; // of the choices of tokens

    static final String TERMINAL = "hashlayers.terminal"; // set by the launcher

    private final ProgressLine line;
    private @Nullable GangFailure broken;

    ConsoleReporter(ProgressLine line) {
        this.line = line;
    }

    /** For a run. Tells on standard error; standard output is the result's alone. */
    public static ConsoleReporter of(RunConfig config) {
        long tokensPerStep =
                (long) config.train().batchSequences() * config.model().contextLength();
        return of(config.train().steps(), tokensPerStep);
    }

    /** For so many steps. */
    public static ConsoleReporter of(long steps, long tokensPerStep) {
        return new ConsoleReporter(
                new ProgressLine(System.err, Boolean.getBoolean(TERMINAL), steps, tokensPerStep, System::nanoTime));
    }

    @Override
    public void note(String sentence) {
        line.say(sentence);
    }

    @Override
    public void sharded(BalanceReport balance) {
        int units = balance.unitsPerExpert();
        say(
                "experts   %d%s; on the training text MaxVio %.3f, at least %.3f for any table; load of ranks max/mean %.3f",
                balance.expertLoads().size() / units,
                units == 1 ? "" : ", each in %d segments".formatted(units),
                balance.maxVio(),
                balance.maxVioBound(),
                balance.rankImbalance());
    }

    @Override
    public void planned(RunPlan plan) {
        plan.splits().forEach((split, traffic) -> planned(split, traffic, plan.batchSequences()));
    }

    private void planned(String split, SplitTraffic traffic, int sequences) {
        say(
                "exchange  %s: %,.0f bytes a batch of %,d sequences between ranks, %,d in the busiest; rows of ranks max/mean %.3f, at worst %.3f; up to %,d of %,d rows on a rank",
                split,
                traffic.meanBytesPerStep(),
                sequences,
                traffic.peakBytesPerStep(),
                traffic.meanImbalance(),
                traffic.worstImbalance(),
                traffic.peakRowsOfAnyRank(),
                traffic.rowsPerStep());
    }

    @Override
    public void sized(ModelConfig model, MemoryPlan memory) {
        ParameterLayout layout = ParameterLayout.of(model);
        say(
                "model     %,d parameters, %,d of them multiply a token; %s",
                layout.totalParameters(),
                layout.multipliedWeights(),
                model.sparseLayers().isEmpty()
                        ? "dense"
                        : "experts in %s of the %d blocks".formatted(model.sparseLayers(), model.layers()));
        MemoryText.of(memory).forEach(line::say);
    }

    @Override
    public void resumed(long step) {
        say("resumed   after step %,d, from its checkpoint", step);
    }

    @Override
    public void started(Gang gang) {
        say("ranks     %d on %s", gang.worldSize(), String.join(", ", new TreeSet<>(gang.hosts())));
        say("kernels   %s", String.join("; ", new TreeSet<>(gang.kernels())));
    }

    @Override
    public void step(StepMetrics metrics) {
        line.step(metrics);
    }

    @Override
    public void evaluation(EvaluationMetrics metrics) {
        line.evaluation(metrics);
    }

    @Override
    public void checkpoint(long step, String path) {
        say("checkpoint of step %d in %s", step, path);
    }

    @Override
    public void measured(MemoryPlan memory, List<Long> peakBytes) {
        line.say(MemoryText.measured(memory, peakBytes));
    }

    @Override
    public void broke(GangFailure first) {
        broken = first; // told at the end; the sentence is in what follows
    }

    @Override
    public void regrouped(int ranks, int asked) {
        if (ranks < asked) {
            say(
                    "ranks     %d go on, since there is room for no more of the %d; all return behind a checkpoint once there is",
                    ranks, asked);
        } else {
            say("ranks     all %d go on, since there is room for them again", ranks);
        }
    }

    @Override
    public void skipping(TrainingException cause, long step, int number) {
        line.say("failed    " + cause.getMessage());
        say("skip      the batch of step %,d, the %d. that is left out; behind the newest checkpoint", step, number);
    }

    @Override
    public void restarting(TrainingException cause, int number, Duration pause) {
        line.say("failed    " + cause.getMessage());
        say("restart   %d, in %d s, behind the newest checkpoint", number, pause.toSeconds());
    }

    @Override
    public void failed(TrainingException failure) {
        line.end(); // the command tells the failure itself, last
        GangFailure first = broken;
        boolean logMatters = failure.failure() != Failure.USER && failure.failure() != Failure.DIVERGED;
        if (logMatters && first != null && !first.log().isEmpty()) {
            say(
                    "log       of executor %s on %s until step %,d, its last %d lines",
                    first.executor(), first.host(), first.step(), first.log().size());
            first.log().forEach(text -> line.say("          " + text));
        }
    }

    @Override
    public void finished(RunSummary summary) {
        say(
                "done      %,d steps, %,d tokens, %,.0f tokens/s on %d ranks; validation perplexity %.2f (unigram %.1f), %.4f bits per byte%s",
                summary.steps(),
                summary.tokens(),
                summary.tokensPerSecond(),
                summary.worldSize(),
                summary.validPerplexity(),
                summary.unigramPerplexity(),
                summary.validBitsPerByte(),
                routing(summary));
        if (summary.droppedShare() > MUCH) {
            say(
                    "          much was dropped: raise moe.switch.capacity-factor or moe.switch.balance-weight, or train for longer");
        }
    }

    private static String routing(RunSummary summary) {
        if (summary.maxVio() == 0 && summary.droppedShare() == 0) {
            return "";
        }
        return String.format(
                Locale.ROOT, "; MaxVio %.3f, %.1f %% dropped", summary.maxVio(), 100 * summary.droppedShare());
    }

    private void say(String format, Object... values) {
        line.say(String.format(Locale.ROOT, format, values));
    }
}
