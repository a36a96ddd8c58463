package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.Map;
import org.apache.spark.resource.ResourceInformation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes the GPU that Spark has given a task. A GPU is never guessed. */
final class Device {
    private static final Logger log = LoggerFactory.getLogger(Device.class);
    private static final String GPU = "gpu";
    private static final int OLDEST_CAPABILITY = 37;
    private static final int NEWEST_MAJOR = 8;

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
        NativeOps nativeOps = NativeOpsHolder.getInstance().getDeviceNativeOps();
        requireCapability(device, nativeOps.getDeviceMajor(device), nativeOps.getDeviceMinor(device));
        Nd4j.getAffinityManager().unsafeSetDevice(device);
    }

    /**
     * Refuses a GPU that ND4J has no machine code for: its binaries hold sm_37 to sm_86 and no PTX, so code of 8.6 still runs
     * on 8.9 but nothing runs on Hopper (9.0) and later.
     */
    static void requireCapability(int device, int major, int minor) {
        int capability = 10 * major + minor;
        if (capability < OLDEST_CAPABILITY || major > NEWEST_MAJOR) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "GPU %d has the compute capability %d.%d and the CUDA build runs on 3.7 to 8.9 (such as V100, T4, A100, A10); use such a GPU or the CPU build"
                            .formatted(device, major, minor));
        }
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
