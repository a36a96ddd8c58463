package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.kernels.NativeThreads;
import java.lang.ref.Reference;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.stream;
import org.jspecify.annotations.Nullable;

/**
 * The three products of whole matrices by oneDNN. Each shape is compiled when it is first met, which takes 0.1 to 0.3 ms, and
 * kept, 20 to 100 KB of code: the rows of an expert are others in each batch. For one thread at a time.
 */
final class MatrixProducts {
    /** Shapes that are kept. oneDNN itself keeps the code of 1,024, for all ranks of the process, for when one comes again. */
    private static final int MOST_SHAPES = 512;

    private static final long FIRST_SCRATCH = 1 << 20;

    // Never freed: what was made with it may be freed by the garbage collector in any order.
    private static final engine ENGINE = new engine(dnnl.dnnl_cpu, 0);

    private final stream stream = new stream(ENGINE);
    private final dnnl_stream streamHandle = stream.get();
    private final ProductShape sought = new ProductShape();
    private final Map<ProductShape, Product> products;
    private final Place placeA = new Place();
    private final Place placeB = new Place();
    private final Place placeC = new Place();
    private ProductScratch scratch;
    private @Nullable Thread limited; // to one thread of OpenMP

    MatrixProducts() {
        this(MOST_SHAPES, FIRST_SCRATCH);
    }

    MatrixProducts(int mostShapes, long firstScratch) {
        this.products = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<ProductShape, Product> eldest) {
                if (size() <= mostShapes) {
                    return false;
                }
                eldest.getValue().close();
                return true;
            }
        };
        this.scratch = new ProductScratch(ENGINE, firstScratch);
    }

    static String description() {
        try (dnnl_version_t version = dnnl.version()) {
            return "oneDNN %d.%d.%d".formatted(version.major(), version.minor(), version.patch());
        }
    }

    void plain(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        sought.set(false, false, accumulate, c.rows(), c.cols(), a.cols());
        product(a, b, c);
    }

    void nt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        sought.set(false, true, accumulate, c.rows(), c.cols(), a.cols());
        product(a, b, c);
    }

    void tn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        sought.set(true, false, accumulate, c.rows(), c.cols(), a.rows());
        product(a, b, c);
    }

    /** The product of the shape that is sought. */
    private void product(Matrix a, Matrix b, Matrix c) {
        if (Thread.currentThread() != limited) {
            limited = Thread.currentThread();
            NativeThreads.limitCaller();
        }
        Product product = products.get(sought);
        if (product == null) {
            product = compile();
        }
        try {
            product.run(streamHandle, placeA.at(a), placeB.at(b), placeC.at(c), scratch.start());
        } finally {
            Reference.reachabilityFence(a);
            Reference.reachabilityFence(b);
            Reference.reachabilityFence(c);
            Reference.reachabilityFence(this);
        }
    }

    private Product compile() {
        Product product = new Product(ENGINE, sought);
        if (product.scratchBytes() > scratch.bytes()) {
            ProductScratch outgrown = scratch;
            scratch = new ProductScratch(ENGINE, product.scratchBytes());
            outgrown.close();
        }
        products.put(sought.copy(), product);
        return product;
    }
}
