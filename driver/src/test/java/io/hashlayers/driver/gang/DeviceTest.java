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
}
