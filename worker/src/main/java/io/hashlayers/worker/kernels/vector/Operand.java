package io.hashlayers.worker.kernels.vector;

import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;

/** What an operation of oneDNN reads or writes: a layout, and a place that is another one in each run. */
final class Operand implements AutoCloseable {
    private final memory memory;
    private final dnnl_memory handle; // owned by the memory
    private final long bytes;

    Operand(engine engine, memory.desc layout) {
        this.memory = new memory(layout, engine, null);
        this.handle = memory.get();
        this.bytes = layout.get_size();
    }

    dnnl_memory handle() {
        return handle;
    }

    /** Bytes that it takes at its place. */
    long bytes() {
        return bytes;
    }

    void lieAt(Place place) {
        Operation.require(dnnl.dnnl_memory_set_data_handle(handle, place));
    }

    @Override
    public void close() {
        memory.close();
    }
}
