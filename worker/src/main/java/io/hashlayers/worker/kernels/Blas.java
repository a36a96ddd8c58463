package io.hashlayers.worker.kernels;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Single-precision matrix products of OpenBLAS, the library that ND4J's CPU backend itself calls, on row-major memory.
 *
 * <p>Its first use makes OpenBLAS and ND4J run one thread each: a rank is one core, and two ranks with a thread each
 * multiply faster than one rank with two threads.
 */
public final class Blas {
    private static final int ROW_MAJOR = 101;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    static {
        openblas_nolapack.blas_set_num_threads(1);
        Nd4j.getEnvironment().setMaxThreads(1);
        Nd4j.getEnvironment().setMaxMasterThreads(1);
    }

    private Blas() {}

    /** Limits OpenBLAS and ND4J to one thread per caller, once for this JVM. */
    @SuppressWarnings("EmptyMethod") // the work is done when the class is initialised
    static void useOneThread() {}

    /** Number of threads that a product runs on. */
    public static int threads() {
        return openblas_nolapack.blas_get_num_threads();
    }

    /**
     * {@code C = alpha op(A) op(B) + beta C} with C [m, n] and k the inner size; op transposes where the flag says so.
     *
     * @param lda floats from one row of A to the next as it lies in memory; ldb and ldc likewise
     */
    public static void gemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            float alpha,
            FloatPointer a,
            int lda,
            FloatPointer b,
            int ldb,
            float beta,
            FloatPointer c,
            int ldc) {
        openblas_nolapack.cblas_sgemm(
                ROW_MAJOR,
                transposeA ? TRANSPOSED : PLAIN,
                transposeB ? TRANSPOSED : PLAIN,
                m,
                n,
                k,
                alpha,
                a,
                lda,
                b,
                ldb,
                beta,
                c,
                ldc);
    }
}
