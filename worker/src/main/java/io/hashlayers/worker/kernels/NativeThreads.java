package io.hashlayers.worker.kernels;

import org.bytedeco.openblas.global.openblas_nolapack;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Limits native libraries to the thread that calls them: a rank is one core, and two ranks with a thread each multiply faster
 * than one rank with two threads.
 */
public final class NativeThreads {
    static {
        openblas_nolapack.blas_set_num_threads(1);
        Nd4j.getEnvironment().setMaxThreads(1);
        Nd4j.getEnvironment().setMaxMasterThreads(1);
    }

    private NativeThreads() {}

    /** Limits OpenBLAS and ND4J, once for this JVM. */
    @SuppressWarnings("EmptyMethod") // the work is done when the class is initialised
    static void limit() {}

    /**
     * Limits OpenMP, which counts for each thread that calls it; so each thread that multiplies by oneDNN calls this once. ND4J and
     * oneDNN share one copy of OpenMP's library in a process.
     */
    public static void limitCaller() {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    }

    /** Number of threads of OpenBLAS. */
    static int ofBlas() {
        return openblas_nolapack.blas_get_num_threads();
    }
}
