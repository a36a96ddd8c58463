package io.hashlayers.worker.kernels;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.lang.reflect.InvocationTargetException;

/** Makes the {@link Kernels} of a rank by what was asked for and what this JVM can run. */
public final class KernelsFactory {
    // By name: that package needs an incubating module, is compiled by itself and may be unable to load here.
    private static final String VECTOR_KERNELS = "io.hashlayers.worker.kernels.vector.VectorKernels";
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private KernelsFactory() {}

    /** The fastest kernels that this JVM can run. */
    public static Kernels best() {
        return create(KernelChoice.AUTO);
    }

    /**
     * The kernels of a configured name: {@code auto}, {@code vector} or {@code nd4j}.
     *
     * @throws TrainingException (USER) if the name is unknown or these kernels cannot run in this JVM
     */
    public static Kernels named(String name) {
        return create(KernelChoice.named(name));
    }

    /**
     * The kernels of a choice.
     *
     * @throws TrainingException USER if they cannot run in this JVM, RESOURCES if ND4J's backend does not start
     */
    public static Kernels create(KernelChoice choice) {
        requireBackend();
        if (Matrix.onHost()) {
            NativeThreads.limit();
        }
        Kernels kernels =
                switch (choice) {
                    case AUTO -> vectorModulePresent() && Matrix.onHost() ? vectorKernels() : new Nd4jKernels();
                    case VECTOR -> vectorKernels();
                    case ND4J -> new Nd4jKernels();
                };
        return new CheckedKernels(kernels);
    }

    private static void requireBackend() {
        try {
            Matrix.onHost();
        } catch (LinkageError e) { // from the static initialisers of ND4J
            throw new TrainingException(
                    Failure.RESOURCES,
                    "ND4J's backend does not start on this machine (%s); a bundle built with -Dcuda needs a GPU and CUDA 11.6, others need Linux on x86-64"
                            .formatted(rootOf(e)),
                    e);
        }
    }

    private static Throwable rootOf(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private static Kernels vectorKernels() {
        if (!vectorModulePresent()) {
            throw new TrainingException(
                    Failure.USER,
                    "kernels is \"vector\" but this JVM runs without the module %s; start it with --add-modules %s or set kernels to \"auto\""
                            .formatted(VECTOR_MODULE, VECTOR_MODULE));
        }
        if (!Matrix.onHost()) {
            throw new TrainingException(
                    Failure.USER,
                    "kernels is \"vector\" but ND4J's backend is not the CPU; set kernels to \"auto\" or \"nd4j\"");
        }
        try {
            return Class.forName(VECTOR_KERNELS)
                    .asSubclass(Kernels.class)
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof TrainingException known) {
                throw known;
            }
            if (e.getCause() instanceof LinkageError missing) {
                throw new TrainingException(
                        Failure.RESOURCES,
                        "oneDNN does not load on this machine (%s); the jars dnnl and opencl of the bundle must be there, or set kernels to \"nd4j\""
                                .formatted(rootOf(missing)),
                        missing);
            }
            throw new TrainingException(
                    Failure.BUG, VECTOR_KERNELS + " cannot be made: " + e.getCause() + "; please report it", e);
        } catch (ReflectiveOperationException e) {
            throw new TrainingException(
                    Failure.BUG, VECTOR_KERNELS + " cannot be made: " + e + "; please report it", e);
        }
    }

    private static boolean vectorModulePresent() {
        return ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent();
    }
}
