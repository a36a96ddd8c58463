package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.TrainingException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DeviceTest {
    @Test
    void theAddressThatSparkGaveIsTheDevice() {
        assertThat(Device.device(new String[] {"3"})).isEqualTo(3);
    }

    @Test
    void severalOrNamelessDevicesAreRefused() {
        for (String[] addresses : new String[][] {{}, {"0", "1"}, {"GPU-12ab"}, {"-1"}}) {
            assertThatThrownBy(() -> Device.device(addresses))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("[" + String.join(", ", addresses) + "]");
        }
    }

    @Test
    void withoutAGpuNothingHappens() {
        Device.assign(Map.of());
    }

    @Test
    void aGpuWithoutMachineCodeIsRefused() {
        for (int[] runs : new int[][] {{3, 7}, {7, 0}, {8, 6}, {8, 9}}) {
            Device.requireCapability(0, runs[0], runs[1]);
        }
        for (int[] refused : new int[][] {{3, 5}, {9, 0}, {10, 0}}) {
            assertThatThrownBy(() -> Device.requireCapability(2, refused[0], refused[1]))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("GPU 2 has the compute capability " + refused[0] + "." + refused[1]);
        }
    }
}
