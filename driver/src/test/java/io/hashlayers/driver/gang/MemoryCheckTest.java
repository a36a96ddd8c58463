package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.transformer.ModelMemory;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class MemoryCheckTest {
    private static final long MIB = 1 << 20;
    private static final RankProcess FOUR_RANKS = new RankProcess(4, false, 8192 * MIB);
    private static final long OF_THE_JVM = FOUR_RANKS.baseBytes() / MIB;

    @Test
    void aContainerThatWouldBeKilledIsRefusedWithTheSettingThatHelps() {
        SparkConf yarn = new SparkConf(false)
                .set("spark.master", "yarn")
                .set("spark.executor.cores", "4")
                .set("spark.executor.memory", "8g");
        MemoryPlan plan = plan(2400 - OF_THE_JVM);

        assertThatThrownBy(() -> MemoryCheck.require(yarn, plan, 6))
                .isInstanceOf(TrainingException.class)
                .hasMessage(
                        "an executor with 4 ranks needs about 2400 MiB beside its heap, and its container grants 819 MiB; set spark.executor.memoryOverhead to 2400m or more");
        MemoryCheck.require(yarn.set("spark.executor.memoryOverhead", "2400m"), plan, 6);
        MemoryCheck.require(new SparkConf(false).set("spark.master", "k8s://https://host"), plan(384 - OF_THE_JVM), 6);
    }

    @Test
    void aMachineWithoutTheMemoryIsRefused() {
        MemoryPlan plan = plan(1000);
        long twoProcesses = 2 * plan.totalBytes();

        assertThat(MemoryCheck.ofMachine(plan, 4, plan.totalBytes())).isEmpty();
        assertThat(MemoryCheck.ofMachine(plan, 6, twoProcesses)).isEmpty();
        assertThat(MemoryCheck.ofMachine(plan, 6, twoProcesses - 1)).hasValueSatisfying(message -> assertThat(message)
                .contains("6 ranks on this machine need about " + twoProcesses / MIB + " MiB"));
    }

    /** Of four ranks with so many MiB of tensors. */
    private static MemoryPlan plan(long mebibytes) {
        return new MemoryPlan(new ModelMemory(mebibytes * MIB, 0, 0, 0, 0), 0, FOUR_RANKS);
    }
}
