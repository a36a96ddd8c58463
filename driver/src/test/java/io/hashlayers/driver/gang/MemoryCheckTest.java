package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.kernels.Activation;
import io.hashlayers.worker.transformer.ModelConfig;
import java.util.List;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class MemoryCheckTest {
    private static final long MIB = 1 << 20;
    private static final MemoryEstimate NEEDS_600_MIB = new MemoryEstimate(500 * MIB, 60 * MIB, 40 * MIB);

    @Test
    void aContainerThatWouldBeKilledIsRefusedWithTheSettingThatHelps() {
        SparkConf yarn = new SparkConf(false)
                .set("spark.master", "yarn")
                .set("spark.executor.cores", "4")
                .set("spark.executor.memory", "8g");

        assertThatThrownBy(() -> MemoryCheck.require(yarn, NEEDS_600_MIB, 6))
                .isInstanceOf(TrainingException.class)
                .hasMessage(
                        "an executor with 4 ranks needs about 2400 MiB beside its heap, and its container grants 819 MiB; set spark.executor.memoryOverhead to 2400m or more");
        MemoryCheck.require(yarn.set("spark.executor.memoryOverhead", "2400m"), NEEDS_600_MIB, 6);
    }

    @Test
    void fewerRanksThanAnExecutorHoldsNeedLess() {
        SparkConf small = new SparkConf(false)
                .set("spark.master", "k8s://https://host")
                .set("spark.executor.cores", "4")
                .set("spark.executor.memory", "8g");

        MemoryCheck.require(small, NEEDS_600_MIB, 1);
    }

    @Test
    void aMachineWithoutTheMemoryIsRefused() {
        MemoryCheck.requireMachine(NEEDS_600_MIB, 2, 1200 * MIB);

        assertThatThrownBy(() -> MemoryCheck.requireMachine(NEEDS_600_MIB, 2, 1199 * MIB))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(
                        "2 ranks on this machine need about 1200 MiB beside the heap, and it has 1199 MiB");
    }

    @Test
    void parametersAreCountedExactly() {
        ModelConfig model = new ModelConfig(100, 8, 2, 16, 64, 2, Activation.RELU, 0, List.of(1), 4, 1);
        long expert = 2 * 16 * 64 + 64 + 16;
        long attention = 16 * 48 + 48 + 16 * 16 + 16;
        long dense = 100 * 16 + 8 * 16 + 2 * (attention + 4 * 16) + expert + 2 * 16;

        MemoryEstimate estimate = MemoryEstimate.training(model, 8, 3, 20, 2);

        assertThat(estimate.parameterBytes()).isEqualTo(4 * (3 * dense + 4 * 3 * expert));
        assertThat(estimate.exchangeBytes()).isEqualTo(4 * (8 * 4 * 16 + 20 * (4 * 16 + 2 * 64)));
    }
}
