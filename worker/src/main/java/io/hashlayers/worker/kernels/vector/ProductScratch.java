package io.hashlayers.worker.kernels.vector;

import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.Pointer;

/** Memory that one product after the other uses while it runs, aligned as oneDNN aligns its own. */
final class ProductScratch implements AutoCloseable {
    private final long bytes;
    private final memory block;
    private final Pointer start;

    ProductScratch(engine engine, long bytes) {
        this.bytes = bytes;
        try (memory.desc layout = new memory.desc(new long[] {bytes}, memory.data_type.u8, memory.format_tag.a)) {
            this.block = new memory(layout, engine);
        }
        this.start = block.get_data_handle();
    }

    long bytes() {
        return bytes;
    }

    Pointer start() {
        return start;
    }

    @Override
    public void close() {
        block.close();
    }
}
