package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.sharding.hash.TokenHash;
import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.optimizer.OptimizerConfig;
import io.hashlayers.worker.plan.RunPlan;
import io.hashlayers.worker.plan.SplitTraffic;
import io.hashlayers.worker.router.HashConfig;
import io.hashlayers.worker.train.PlannedHash;
import io.hashlayers.worker.train.Routing;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import io.hashlayers.worker.train.TrainConfig;
import io.hashlayers.worker.transformer.Activations;
import io.hashlayers.worker.transformer.MixtureConfig;
import io.hashlayers.worker.transformer.ModelConfig;
import io.hashlayers.worker.transformer.ModelMemory;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final int WORLD_SIZE = 3;
    private static final int ROWS = 16; // of each rank: 2 of 6 sequences of 8
    private static final ModelConfig MODEL =
            new ModelConfig(100, 8, 2, 16, 64, 2, Activation.RELU, 0, MixtureConfig.hash(List.of(1), 4, 1));

    private static final long EXPERT = 2 * 16 * 64 + 64 + 16;
    private static final long ATTENTION = 16 * 48 + 48 + 16 * 16 + 16;
    private static final long DENSE = 100 * 16 + 8 * 16 + 2 * (ATTENTION + 4 * 16) + EXPERT + 2 * 16;

    @Test
    void aProcessOfAllRanksHoldsEachOfThemAndSendsNothing() {
        MemoryPlan plan = MemoryPlan.training(config(), routing(), WORLD_SIZE, process(WORLD_SIZE));

        assertThat(plan.model().denseBytes()).isEqualTo((WORLD_SIZE * 8 + 8) * DENSE);
        assertThat(plan.model().expertBytes()).isEqualTo(16 * 4 * EXPERT);
        assertThat(plan.transportBytes()).isZero();
    }

    @Test
    void ofSeveralProcessesTheOneWithTheBusiestRanksIsPlanned() {
        MemoryPlan plan = MemoryPlan.training(config(), routing(), WORLD_SIZE, process(1));

        // Rank 0 has two of the four experts; its rows peak in the validation.
        assertThat(plan.model()).isEqualTo(ModelMemory.training(MODEL, Activations.kept(ROWS, 30), 2, 0, WORLD_SIZE));
        // To and from two others, two messages of rows and sixteen of a third of the dense gradients, each in one
        // frame.
        assertThat(plan.transportBytes())
                .isEqualTo(2 * (2 * (2 * 4 * ROWS * 16 + 39) + 16 * (2 * 4 * ((DENSE + 2) / 3) + 39)));
    }

    @Test
    void segmentsExchangeMoreRowsOfWhichTheHiddenOnesAreWidest() {
        MixtureConfig mixture = MixtureConfig.of(List.of(1), 4, 1, new HashConfig(HashConfig.Combine.SUM, 1, 2));
        ModelConfig model = MODEL.with(mixture);

        MemoryPlan plan = MemoryPlan.evaluation(config().of(model), routing(), WORLD_SIZE, process(2));

        // Two choices of each row, but never more than the 30 rows for which there is room.
        assertThat(plan.transportBytes()).isEqualTo(2 * 2 * (2 * 4 * 30 * 64 + 39));
        assertThat(plan.model())
                .isEqualTo(ModelMemory.evaluation(model, Activations.kept(ROWS, 30), 2)
                        .plus(ModelMemory.evaluation(model, Activations.kept(ROWS, 15), 1)));
    }

    @Test
    void anEvaluationExchangesRowsAlone() {
        MemoryPlan plan = MemoryPlan.evaluation(config(), routing(), WORLD_SIZE, process(2));

        assertThat(plan.model())
                .isEqualTo(ModelMemory.evaluation(MODEL, Activations.kept(ROWS, 30), 2)
                        .plus(ModelMemory.evaluation(MODEL, Activations.kept(ROWS, 15), 1)));
        assertThat(plan.transportBytes()).isEqualTo(2 * 2 * (2 * 4 * ROWS * 16 + 39));
    }

    @Test
    void recomputedActivationsArePlannedAsSuch() {
        MemoryPlan plan = MemoryPlan.training(config(6, 1, true), routing(), WORLD_SIZE, process(1));

        assertThat(plan.model())
                .isEqualTo(ModelMemory.training(MODEL, new Activations(ROWS, 30, true), 2, 0, WORLD_SIZE));
        assertThat(plan.model().totalBytes())
                .isLessThan(MemoryPlan.training(config(), routing(), WORLD_SIZE, process(1))
                        .model()
                        .totalBytes());
    }

    @Test
    void theBatchThatIsPlannedIsTheMicroBatch() {
        MemoryPlan plan = MemoryPlan.training(config(24, 4, false), routing(), WORLD_SIZE, process(1));

        assertThat(plan).isEqualTo(MemoryPlan.training(config(), routing(), WORLD_SIZE, process(1)));
        assertThat(MemoryPlan.evaluation(config(24, 4, false), routing(), WORLD_SIZE, process(1)))
                .isEqualTo(MemoryPlan.evaluation(config(), routing(), WORLD_SIZE, process(1)));
    }

    @Test
    void theSumIsThatOfItsParts() {
        MemoryPlan plan = MemoryPlan.training(config(), Routing.NONE, WORLD_SIZE, process(2));

        assertThat(plan.model().expertBytes()).isEqualTo(2 * 8); // of each copy one unused float
        assertThat(plan.besideHeapBytes())
                .isEqualTo(plan.model().totalBytes()
                        + plan.transportBytes()
                        + plan.process().baseBytes());
        assertThat(plan.totalBytes())
                .isEqualTo(plan.besideHeapBytes() + plan.process().heapBytes());
    }

    @Test
    void aHeapIsNotPlannedLargerThanItMayBe() {
        long limit = 64 << 20;

        assertThat(new RankProcess(2, true, limit).heapBytes()).isEqualTo(limit);
    }

    @Test
    void thePeakIsReadAsLinuxWritesIt() {
        assertThat(ResidentMemory.peakBytes("Name:\tjava\nVmPeak:\t  99 kB\nVmHWM:\t  20304 kB\nVmRSS:\t 1 kB\n"))
                .hasValue(20304L * 1024);
        assertThat(ResidentMemory.peakBytes("Name:\tjava\n")).isEmpty();
    }

    private static RankProcess process(int ranks) {
        return new RankProcess(ranks, false, 1L << 30);
    }

    private static RunConfig config() {
        return config(6, 1, false);
    }

    private static RunConfig config(int batchSequences, int accumulateBatches, boolean recompute) {
        return new RunConfig(
                "run",
                "data",
                MODEL,
                TableConfig.of(TableConfig.Kind.BALANCED, 0),
                new OptimizerConfig(1, 0, OptimizerConfig.Schedule.CONSTANT, 1, 0, 0, 1, 0, 0),
                new TrainConfig(1, batchSequences, accumulateBatches, recompute, 0, 0, 0, 0, 60),
                "auto");
    }

    private static Routing routing() {
        var splits = new TreeMap<String, SplitTraffic>();
        splits.put("train", traffic(List.of(20, 15, 13)));
        splits.put("valid", traffic(List.of(30, 10, 8)));
        RunPlan plan = new RunPlan(RunPlan.FORMAT_VERSION, "inputs", WORLD_SIZE, 6, 8, new TreeMap<>(), splits);
        TokenHash hash = new TokenHash(TokenFeature.CURRENT_TOKEN, ExpertTable.modulo(100, 4, 1));
        ExpertPlacement placement = ExpertPlacement.roundRobin(4, WORLD_SIZE);
        return new Routing(
                List.of(new Routing.Layer(placement, 0)), List.of(new PlannedHash(hash, placement, plan, "plan")));
    }

    private static SplitTraffic traffic(List<Integer> peakRows) {
        return new SplitTraffic("schedule", 3, 48, peakRows, List.of(20, 15, 10, 10), 1, 1, 1, 1);
    }
}
