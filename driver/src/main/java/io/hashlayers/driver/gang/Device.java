package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the GPU that Spark has given a task. A GPU is never guessed. */
final class Device {
    private static final Logger log = LoggerFactory.getLogger(Device.class);
    private static final String GPU = "gpu";

    private Device() {}

    /**
     * Ties the calling thread to the GPU among {@code resources}, if there is one.
     *
     * @param resources of the task, as Spark tells them
     * @throws TrainingException of kind {@code RESOURCES} if it cannot be used
     */
    static void assign(Map<String, ResourceInformation> resources) {
        ResourceInformation gpu = resources.get(GPU);
        if (gpu == null) {
            return;
        }
        int device = device(gpu.addresses());
        if (Nd4j.getBackend().getClass().getSimpleName().startsWith("Cpu")) {
            log.warn(
                    "Spark gave this rank GPU {}, but this build computes on CPUs; build with -Dcuda to use it",
                    device);
            return;
        }
        int devices = Nd4j.getAffinityManager().getNumberOfDevices();
        if (device >= devices) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "Spark gave this rank GPU %d and CUDA sees %d of them; mend the discovery script (spark.executor.resource.gpu.discoveryScript)"
                            .formatted(device, devices));
        }
        Nd4j.getAffinityManager().unsafeSetDevice(device);
    }

    /** The number of the one GPU in the list. */
    static int device(String[] addresses) {
        if (addresses.length != 1 || !addresses[0].matches("[0-9]{1,4}")) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "Spark gave this rank the GPUs [%s]; a rank uses one, named by its number: set spark.task.resource.gpu.amount to 1"
                            .formatted(String.join(", ", addresses)));
        }
        return Integer.parseInt(addresses[0]);
    }
}
