package io.hashlayers.driver.track;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.Gang;
import io.hashlayers.driver.gang.MemoryPlan;
import io.hashlayers.driver.gang.RankProcess;
import io.hashlayers.driver.gang.RunSummary;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.MultiHash;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.train.StepMetrics;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ModelMemory;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsoleReporterTest {
    private final Locale before = Locale.getDefault();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ConsoleReporter reporter = new ConsoleReporter(
            new ProgressLine(new PrintStream(bytes, true, StandardCharsets.UTF_8), true, 10, 100, () -> 0L));

    @BeforeEach
    void numbersReadTheSameInEveryCountry() {
        Locale.setDefault(Locale.GERMANY);
    }

    @AfterEach
    void restore() {
        Locale.setDefault(before);
    }

    @Test
    void theBalanceOfExpertsAndRanksIsTold() {
        ExpertTable table = ExpertTable.modulo(4, 2, 1);

        reporter.sharded(BalanceReport.of(table, new long[] {60, 20, 15, 5}, ExpertPlacement.roundRobin(2, 2)));

        // Expert 0 gets 75 of 100, and no table parts the 60.
        assertThat(lines())
                .containsExactly("experts   2; on the training text MaxVio 0.500, at least 0.200 for any table; load of"
                        + " ranks max/mean 1.500");
    }

    @Test
    void segmentsAreToldApartFromExperts() {
        TokenHash hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(4, 2, 1));
        long[] counts = {60, 20, 15, 5};

        reporter.sharded(BalanceReport.of(
                new MultiHash(List.of(hash, hash)),
                new long[][] {counts, counts},
                ExpertPlacement.roundRobin(2, 2).ofUnits(2)));

        assertThat(lines())
                .containsExactly("experts   2, each in 2 segments; on the training text MaxVio 0.500, at least 0.200"
                        + " for any table; load of ranks max/mean 1.500");
    }

    @Test
    void theTrafficOfEachSplitIsTold() {
        SplitTraffic traffic =
                new SplitTraffic("sha256:5", 3, 2048, List.of(1100, 1300), List.of(5, 3), 1.25, 1.5, 12345.6, 99999);
        RunPlan plan = new RunPlan(
                RunPlan.FORMAT_VERSION,
                "sha256:1",
                2,
                4,
                2,
                new TreeMap<>(Map.of("dataset", "sha256:2", "table", "sha256:3", "placement", "sha256:4")),
                new TreeMap<>(Map.of("train", traffic, "valid", traffic)));

        reporter.planned(plan);

        assertThat(lines())
                .hasSize(2)
                .first()
                .isEqualTo("exchange  train: 12,346 bytes a batch of 4 sequences between ranks, 99,999 in the busiest;"
                        + " rows of ranks max/mean 1.250, at worst 1.500; up to 1,300 of 2,048 rows on a rank");
    }

    @Test
    void hostsAndKernelsAreToldOnce() {
        reporter.started(new Gang(List.of("b", "a", "b"), List.of("vector", "vector", "nd4j")));

        assertThat(lines()).containsExactly("ranks     3 on a, b", "kernels   nd4j; vector");
    }

    @Test
    void whatIsDroppedIsToldAndMuchOfItWarnedOf() {
        reporter.finished(new RunSummary(41.257, 1.23456, 512.34, 18, 1234, 98765.4, 4, 0.25, 0.031, "t", "d", "none"));
        assertThat(lines()).hasSize(1);
        assertThat(lines().get(0)).endsWith("1.2346 bits per byte; MaxVio 0.250, 3.1 % dropped");

        reporter.finished(new RunSummary(41.257, 1.23456, 512.34, 18, 1234, 98765.4, 4, 0.25, 0.31, "t", "d", "none"));
        assertThat(lines().get(2)).contains("much was dropped", "moe.switch.capacity-factor");
    }

    @Test
    void modelAndMemoryAreTold() {
        // V D + S D + 2 D + 2 (4 D^2 + 8 D) + (1 + 3) (2 D F + F + D); a token meets V D + 2 (4 D^2 + 2 D F)
        ModelConfig model =
                new ModelConfig(10, 4, 2, 8, 16, 2, Activation.GELU, 0, MixtureConfig.hash(List.of(1), 3, 1));

        reporter.sized(model, memory());

        assertThat(lines())
                .containsExactly(
                        "model     1,888 parameters, 1,104 of them multiply a token; experts in [1] of the 2 blocks",
                        "memory    6,651 MiB or so in a process with 2 ranks",
                        "           5,120  dense parameters and gradients, a copy each rank, and moments of its share",
                        "           1,024  experts with theirs",
                        "               3  activations kept for the way back",
                        "               2  scratch of all layers, logits among it",
                        "              14  messages to and from ranks of other processes",
                        "             188  heap, of the 3,072 that it may take",
                        "             300  JVM, Spark's driver, libraries");
    }

    @Test
    void whatWasResidentIsToldBesideThePlan() {
        reporter.measured(memory(), List.of(6651L << 20));
        reporter.measured(memory(), List.of(6000L << 20, 7316L << 20));

        assertThat(lines())
                .containsExactly(
                        "memory    6,651 MiB were resident at most; planned were 6,651 (+0.0 %)",
                        "memory    6,000, 7,316 MiB were resident at most in 2 processes; planned were 6,651 (+10.0 %)");
    }

    private static MemoryPlan memory() {
        ModelMemory model = new ModelMemory(5L << 30, 1 << 30, 3 << 20, 2 << 20, 0);
        return new MemoryPlan(model, 14 << 20, new RankProcess(2, true, 3L << 30));
    }

    @Test
    void theEndIsOneLine() {
        reporter.finished(new RunSummary(41.257, 1.23456, 512.34, 1800, 1_234_567, 98765.4, 4, 0, 0, "t", "d", "none"));

        assertThat(lines())
                .containsExactly("done      1,800 steps, 1,234,567 tokens, 98,765 tokens/s on 4 ranks; validation"
                        + " perplexity 41.26 (unigram 512.3), 1.2346 bits per byte");
    }

    @Test
    void whateverIsToldStartsUnderTheProgressLine() {
        reporter.note("a note");
        reporter.step(new StepMetrics(1, 2, 100, 100, 1, 1, 0, List.of()));
        reporter.checkpoint(1, "run/checkpoints/step-00000001");
        reporter.step(new StepMetrics(10, 2, 1000, 100, 1, 1, 0, List.of()));
        reporter.failed(new TrainingException(Failure.DIVERGED, "told by the command"));

        assertThat(lines())
                .hasSize(4)
                .contains("a note", "checkpoint of step 1 in run/checkpoints/step-00000001")
                .noneMatch(line -> line.contains("told by the command"));
        assertThat(text()).endsWith(System.lineSeparator());
    }

    private List<String> lines() {
        return text().lines().filter(line -> !line.isEmpty()).toList();
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
