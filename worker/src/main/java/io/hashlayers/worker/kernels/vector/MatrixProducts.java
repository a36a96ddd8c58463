package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.kernels.NativeThreads;
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
 * kept, 20 to 100 KB of code: the rows of an expert are others in each batch.
 */
final class MatrixProducts {
    /** Shapes that are kept. oneDNN itself keeps the code of 1,024, for all ranks of the process, for when one comes again. */
    private static final int MOST_SHAPES = 512;
    /** Products over more than that are summed in parts: oneDNN takes a quarter longer for the whole. */
    private static final int LONGEST_INNER = 4096;

    private final engine engine = new engine(dnnl.dnnl_cpu, 0);
    private final stream stream = new stream(engine);
    private final dnnl_stream streamHandle = stream.get();
    private final ProductShape sought = new ProductShape();
    private final Map<ProductShape, Product> products = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ProductShape, Product> eldest) {
            if (size() <= MOST_SHAPES) {
                return false;
            }
            eldest.getValue().close();
            return true;
        }
    };
    private final Place placeA = new Place();
    private final Place placeB = new Place();
    private final Place placeC = new Place();
    private ProductScratch scratch = new ProductScratch(engine, 1 << 20);
    private @Nullable Thread limited; // to one thread of OpenMP

    static String description() {
        try (dnnl_version_t version = dnnl.version()) {
            return "oneDNN %d.%d.%d".formatted(version.major(), version.minor(), version.patch());
        }
    }

    void plain(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        int inner = a.cols();
        for (int from = 0; from < inner; from += LONGEST_INNER) {
            int count = Math.min(LONGEST_INNER, inner - from);
            sought.set(false, false, accumulate || from > 0, c.rows(), c.cols(), count, inner);
            product(placeA.at(a, from), placeB.at(b, (long) from * b.cols()), placeC.at(c, 0));
        }
    }

    void nt(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        sought.set(false, true, accumulate, c.rows(), c.cols(), a.cols(), a.cols());
        product(placeA.at(a, 0), placeB.at(b, 0), placeC.at(c, 0));
    }

    void tn(Matrix a, Matrix b, Matrix c, boolean accumulate) {
        sought.set(true, false, accumulate, c.rows(), c.cols(), a.rows(), a.cols());
        product(placeA.at(a, 0), placeB.at(b, 0), placeC.at(c, 0));
    }

    /** The product of the shape that is sought. */
    private void product(Place a, Place b, Place c) {
        if (Thread.currentThread() != limited) {
            limited = Thread.currentThread();
            NativeThreads.limitCaller();
        }
        Product product = products.get(sought);
        if (product == null) {
            product = compile();
        }
        product.run(streamHandle, a, b, c, scratch.start());
    }

    private Product compile() {
        Product product = new Product(engine, sought);
        if (product.scratchBytes() > scratch.bytes()) {
            scratch.close();
            scratch = new ProductScratch(engine, product.scratchBytes());
        }
        products.put(sought.copy(), product);
        return product;
    }
}
