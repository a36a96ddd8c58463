package io.hashlayers.worker.kernels;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;
import org.nd4j.nativeblas.OpaqueContext;

/**
 * ND4J's operation {@code matmul} on bare memory: without an array or anything else of the Java heap for each call.
 *
 * <p>The CPU backend hands it to oneDNN, whose products are faster than those of OpenBLAS but for the smallest: see
 * docs/performance.md. A call costs 7 us beside the product. For one thread at a time.
 */
public final class Nd4jMatmul {
    // The shape of an array as ND4J's native code reads it: rank, shape, strides, type, element-wise stride, order.
    private static final int SHAPE_LENGTH = 8;
    private static final int FLOAT32 = 8192;
    private static final int ROW_MAJOR = 'c';

    private final NativeOps ops = NativeOpsHolder.getInstance().getDeviceNativeOps();
    private final long operation = new Mmul().opHash();
    private final OpaqueContext context = ops.createGraphContext(1);
    private final LongPointer shapeA = shape();
    private final LongPointer shapeB = shape();
    private final LongPointer shapeC = shape();
    private final Place placeA = new Place();
    private final Place placeB = new Place();
    private final Place placeC = new Place();
    private final LongPointer transposed = new LongPointer(3);
    private final DoublePointer factors = new DoublePointer(2);
    private @Nullable Thread limited; // to one thread of OpenMP

    public Nd4jMatmul() {
        ops.ctxShapeFunctionOverride(context, true); // the shapes are right: do not derive and compare them
        transposed.put(2, 0);
    }

    /** Whether the backend is the CPU's and was built with oneDNN. */
    public static boolean byOneDnn() {
        return Matrix.onHost()
                && NativeOpsHolder.getInstance()
                        .getDeviceNativeOps()
                        .buildInfo()
                        .contains("HAVE_ONEDNN");
    }

    /**
     * {@code C = op(A) op(B) + beta C} with C [m, n] and k the inner size, all row-major without gaps; op transposes where the
     * flag says so. For beta 0 the old content of C, NaN included, counts nothing.
     *
     * @throws IllegalStateException if ND4J refuses it
     */
    public void gemm(
            boolean transposeA,
            boolean transposeB,
            int m,
            int n,
            int k,
            FloatPointer a,
            FloatPointer b,
            float beta,
            FloatPointer c) {
        if (Thread.currentThread() != limited) {
            limited = Thread.currentThread();
            ops.setOmpNumThreads(1); // holds for the thread that calls it
        }
        shape(shapeA, transposeA ? k : m, transposeA ? m : k);
        shape(shapeB, transposeB ? n : k, transposeB ? k : n);
        shape(shapeC, m, n);
        transposed.put(0, transposeA ? 1 : 0).put(1, transposeB ? 1 : 0);
        factors.put(0, 1).put(1, beta);
        ops.setGraphContextInputArray(context, 0, placeA.of(a), shapeA, null, null);
        ops.setGraphContextInputArray(context, 1, placeB.of(b), shapeB, null, null);
        ops.setGraphContextOutputArray(context, 0, placeC.of(c), shapeC, null, null);
        ops.setGraphContextIArguments(context, transposed, 3);
        ops.setGraphContextTArguments(context, factors, 2);
        int status = ops.execCustomOp2(null, operation, context);
        ops.ctxPurge(context);
        if (status != 0 || ops.lastErrorCode() != 0) {
            throw new IllegalStateException("ND4J's matmul of [%d, %d, %d] failed with status %d: %s"
                    .formatted(m, n, k, status, ops.lastErrorMessage()));
        }
    }

    private static LongPointer shape() {
        LongPointer shape = new LongPointer(SHAPE_LENGTH);
        return shape.put(0, 2).put(4, 1).put(5, FLOAT32).put(6, 1).put(7, ROW_MAJOR);
    }

    private static void shape(LongPointer shape, int rows, int cols) {
        shape.put(1, rows).put(2, cols).put(3, cols);
    }

    /** The address of an element as a pointer to bytes: native code that takes any pointer reads positions as bytes. */
    private static final class Place extends Pointer {
        Place of(FloatPointer element) {
            address = element.address() + element.position() * Float.BYTES;
            return this;
        }
    }
}
