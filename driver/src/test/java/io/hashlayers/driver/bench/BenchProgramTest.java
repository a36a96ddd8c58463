package io.hashlayers.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.track.ConsoleReporter;
import io.hashlayers.worker.collective.Collective;
import io.hashlayers.worker.collective.LocalCollectives;
import io.hashlayers.worker.train.RunConfig;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BenchProgramTest {
    private static final int STEPS = 7; // not a multiple of the steps in turn

    private static BenchReport report;

    @BeforeAll
    static void measureTwoRanks() throws Exception {
        report = measure("train.accumulate-batches=1");
    }

    private static BenchReport measure(String setting) throws Exception {
        Settings settings = Settings.load(
                List.of(),
                List.of(
                        "model.layers=2",
                        "model.dim=32",
                        "model.ffn-dim=64",
                        "model.heads=2",
                        "model.context-length=16",
                        "moe.layers=[1]",
                        "moe.num-experts=6",
                        "train.batch-sequences=4",
                        setting));
        RunConfig config = settings.run("", 300);
        SortedMap<String, RunConfig> rivals = new TreeMap<>();
        rivals.put("dense", config.of(config.model().dense()));
        rivals.put("switch", settings.withRouter("switch").run("", 300));
        BenchProgram program = new BenchProgram(config, rivals, STEPS);
        List<Collective> collectives = LocalCollectives.create(2, Duration.ofSeconds(60));
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Object>> results = new ArrayList<>();
            for (Collective collective : collectives) {
                results.add(threads.submit(
                        () -> program.run(collective, new Configuration(), ConsoleReporter.of(STEPS, 64))));
            }
            results.get(1).get(2, TimeUnit.MINUTES);
            return (BenchReport) results.get(0).get(2, TimeUnit.MINUTES);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void tellsTheModelAndItsOperations() {
        assertThat(report.worldSize()).isEqualTo(2);
        assertThat(report.tokensPerStep()).isEqualTo(4 * 16);
        // V D + layers (4 D^2 + 2 D F): the dense network or one expert of each block
        assertThat(report.multipliedWeights()).isEqualTo(300 * 32 + 2 * (4 * 32 * 32 + 2 * 32 * 64));
        assertThat(report.steps().count()).isEqualTo(STEPS);
        assertThat(report.steps().least())
                .isPositive()
                .isLessThanOrEqualTo(report.steps().median());
        assertThat(report.steps().lastLoss()).isLessThan(report.steps().firstLoss());
        assertThat(report.steps().firstLoss()).isCloseTo(Math.log(300), within(0.2));
        assertThat(report.rivals()).extracting(BenchReport.Rival::name).containsExactly("dense", "switch");
        assertThat(report.rivals()).allSatisfy(rival -> assertThat(rival.steps().lastLoss())
                .isLessThan(rival.steps().firstLoss()));
        assertThat(report.steps().offHeapGrowth()).isZero();
        assertThat(report.steps().heapBytesPerStep()).isPositive();
    }

    @Test
    void theNotedProductsAreThoseThatTheFormulaCounts() {
        double products = report.operations().stream()
                .filter(operation -> operation.name().startsWith(OperationTime.PRODUCT))
                .mapToDouble(OperationTime::flop)
                .sum();

        // Rank 0 has half of the tokens, but the experts that it holds may get more or less than half of the rows.
        double expertShare = 6.0 * 2 * 32 * 64 * 64 / report.flopPerStep();
        assertThat(products / report.flopPerStep()).isBetween(0.5 - expertShare / 2, 0.5 + expertShare / 2);
        assertThat(report.operations())
                .extracting(OperationTime::name)
                .contains(
                        "attention",
                        "attention backward",
                        "all-to-all",
                        "reduce-scatter",
                        "all-gather",
                        "Adam",
                        TimedCollective.WAIT,
                        TrainingSteps.DRAW)
                .contains("product" + TimedKernels.OF_EXPERTS);
        assertThat(report.operations())
                .extracting(OperationTime::seconds)
                .isSortedAccordingTo((a, b) -> Double.compare(b, a));
        double parts = 0;
        for (OperationTime.Part part : OperationTime.Part.values()) {
            parts += report.seconds(part);
        }
        assertThat(parts).isCloseTo(report.notedSeconds(), within(1e-9));
    }

    @Test
    void aStepOfMicroBatchesHasTheSameTokensAndReducesOnce() throws Exception {
        BenchReport accumulated = measure("train.accumulate-batches=2");

        assertThat(accumulated.tokensPerStep()).isEqualTo(report.tokensPerStep());
        assertThat(accumulated.steps().firstLoss()).isCloseTo(Math.log(300), within(0.2));
        assertThat(accumulated.steps().lastLoss())
                .isLessThan(accumulated.steps().firstLoss());
        for (String once : List.of("reduce-scatter", "all-gather", "Adam")) {
            assertThat(count(accumulated, once)).as(once).isEqualTo(count(report, once));
        }
        for (String each : List.of("attention", "attention backward", "all-to-all")) {
            assertThat(count(accumulated, each)).as(each).isEqualTo(2 * count(report, each));
        }
    }

    private static double count(BenchReport report, String name) {
        return report.operations().stream()
                .filter(operation -> operation.name().equals(name))
                .mapToDouble(OperationTime::calls)
                .sum();
    }

    @Test
    void aLayerOfExpertsIsSetBesideADenseOne() {
        // Block 1 has the experts, block 0 a dense network: together they do all but attention, head, norms and
        // optimizer.
        assertThat(report.comparesLayers()).isTrue();
        double wide = report.operations().stream()
                .filter(operation -> operation.cols() == 64 || operation.rows() == 64 || operation.inner() == 64)
                .filter(operation -> !List.of("Adam", "zero").contains(operation.name()))
                .mapToDouble(OperationTime::seconds)
                .sum();
        double narrowOfExperts = report.operations().stream()
                .filter(OperationTime::ofExperts)
                .filter(operation -> operation.cols() != 64 && operation.rows() != 64 && operation.inner() != 64)
                .mapToDouble(OperationTime::seconds)
                .sum();
        assertThat(report.sparseLayerSeconds() + report.denseLayerSeconds())
                .isCloseTo(wide + narrowOfExperts, within(1e-9));
    }

    @Test
    void anExchangeMovesWhatMustMove() {
        // Of the dense gradients (W - 1) / W, and of the new values as much: V D + S D + 2 D, and of each block 4 D^2 +
        // 8 D, one of them with a
        // network
        long dense = 300 * 32 + 16 * 32 + 2 * 32 + 2 * (4 * 32 * 32 + 8 * 32) + (2 * 32 * 64 + 64 + 32);
        for (String name : List.of("reduce-scatter", "all-gather")) {
            assertThat(report.operations())
                    .filteredOn(operation -> operation.name().equals(name))
                    .singleElement()
                    .extracting(OperationTime::bytes)
                    .isEqualTo(dense * 4.0 / 2);
        }
        // What was sent is counted where messages are posted, the least from the experts of the drawn tokens. The norm
        // of
        // the gradient is one number more, and a share may be an element longer than the mean.
        assertThat(report.steps().sentBytesPerStep())
                .isCloseTo(report.steps().leastBytesPerStep(), within(8.0 + 8 * Collective.WINDOW));
        assertThat(report.steps().leastBytesPerStep()).isGreaterThan(2 * dense * 4.0 / 2);
        assertThat(report.exchanges()).hasSize(6).allSatisfy(exchange -> assertThat(exchange.seconds())
                .isPositive());
    }

    @Test
    void segmentsDoTheSameOperationsAndExchangeTwice() throws Exception {
        BenchReport segmented = measure("moe.segments=2");

        assertThat(segmented.parameters()).isEqualTo(report.parameters());
        assertThat(segmented.multipliedWeights()).isEqualTo(report.multipliedWeights());
        assertThat(segmented.steps().lastLoss()).isLessThan(segmented.steps().firstLoss());
        assertThat(segmented.steps().offHeapGrowth()).isZero();
        assertThat(count(segmented, "all-to-all")).isEqualTo(2 * count(report, "all-to-all"));
        assertThat(segmented.steps().sentBytesPerStep())
                .isCloseTo(segmented.steps().leastBytesPerStep(), within(8.0 + 8 * Collective.WINDOW));
        assertThat(segmented.steps().leastBytesPerStep())
                .isGreaterThan(report.steps().leastBytesPerStep());
    }

    @Test
    void isPrintedDrawnAndWrittenAsJson() throws Exception {
        var bytes = new ByteArrayOutputStream();
        BenchText.print(report, new PrintStream(bytes, true, StandardCharsets.UTF_8));
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .contains("tokens/s", "of the sgemm peak", "hash / dense", "matrix products", "GB/s leaving");

        String picture = BenchPicture.of(report);
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(picture.getBytes(StandardCharsets.UTF_8)));
        assertThat(picture).contains("all-to-all", "attention backward");

        JsonNode json = new ObjectMapper().valueToTree(report);
        assertThat(json.at("/steps/tokensPerSecond").asDouble())
                .isEqualTo(report.steps().tokensPerSecond());
        assertThat(json.at("/limits/flopRate").asDouble()).isPositive();
        assertThat(json.get("operations")).hasSize(report.operations().size());
    }
}
