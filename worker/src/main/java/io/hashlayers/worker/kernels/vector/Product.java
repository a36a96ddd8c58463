package io.hashlayers.worker.kernels.vector;

import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.Pointer;

/**
 * The product of one shape as oneDNN compiled it, to be run on any memory. A run makes no object on either heap: oneDNN would
 * take scratch from {@code malloc} and give it back each time, so it is handed some.
 */
final class Product implements AutoCloseable {
    private final matmul primitive;
    private final memory a;
    private final memory b;
    private final memory c;
    private final memory scratch;
    private final dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(4);
    private final long scratchBytes;

    // What the objects above own, as the functions of C take it.
    private final dnnl_primitive primitiveHandle;
    private final dnnl_memory handleA;
    private final dnnl_memory handleB;
    private final dnnl_memory handleC;
    private final dnnl_memory handleOfScratch;

    /**
     * Compiles a product for as many threads as OpenMP grants the caller.
     *
     * @throws IllegalStateException if oneDNN has no implementation
     */
    Product(engine engine, ProductShape shape) {
        try (memory.desc ofA = floats(shape.sizeA(), shape.stridesA());
                memory.desc ofB = floats(shape.sizeB(), shape.stridesB());
                memory.desc ofC = floats(shape.sizeC(), shape.stridesC());
                matmul.desc operation = new matmul.desc(ofA, ofB, ofC);
                primitive_attr attributes = attributes(shape);
                matmul.primitive_desc plan = new matmul.primitive_desc(operation, attributes, engine);
                memory.desc ofScratch = plan.scratchpad_desc()) {
            primitive = new matmul(plan);
            a = new memory(ofA, engine, null);
            b = new memory(ofB, engine, null);
            c = new memory(ofC, engine, null);
            scratch = new memory(ofScratch, engine, null);
            scratchBytes = ofScratch.get_size();
        } catch (RuntimeException e) { // of C++
            throw new IllegalStateException("oneDNN does not make the product " + shape + ": " + e.getMessage(), e);
        }
        primitiveHandle = primitive.get();
        handleA = a.get();
        handleB = b.get();
        handleC = c.get();
        handleOfScratch = scratch.get();
        argument(0, dnnl.DNNL_ARG_SRC, handleA);
        argument(1, dnnl.DNNL_ARG_WEIGHTS, handleB);
        argument(2, dnnl.DNNL_ARG_DST, handleC);
        argument(3, dnnl.DNNL_ARG_SCRATCHPAD, handleOfScratch);
        arguments.position(0);
    }

    private static memory.desc floats(long[] size, long[] strides) {
        return new memory.desc(size, memory.data_type.f32, strides);
    }

    private static primitive_attr attributes(ProductShape shape) {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        if (shape.accumulate()) {
            try (post_ops sum = new post_ops()) {
                sum.append_sum();
                attributes.set_post_ops(sum);
            }
        }
        return attributes;
    }

    private void argument(int position, int name, dnnl_memory value) {
        arguments.position(position).arg(name).memory(value);
    }

    /** Bytes that a run needs beside its matrices. */
    long scratchBytes() {
        return scratchBytes;
    }

    /**
     * Multiplies.
     *
     * @param scratchStart of at least {@link #scratchBytes}
     * @throws IllegalStateException if oneDNN fails
     */
    void run(dnnl_stream stream, Place placeA, Place placeB, Place placeC, Pointer scratchStart) {
        int status = dnnl.dnnl_memory_set_data_handle(handleA, placeA)
                | dnnl.dnnl_memory_set_data_handle(handleB, placeB)
                | dnnl.dnnl_memory_set_data_handle(handleC, placeC)
                | dnnl.dnnl_memory_set_data_handle(handleOfScratch, scratchStart);
        if (status == dnnl.dnnl_success) {
            status = dnnl.dnnl_primitive_execute(primitiveHandle, stream, 4, arguments);
        }
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN's product failed with status " + status);
        }
    }

    @Override
    public void close() {
        arguments.close();
        primitive.close();
        a.close();
        b.close();
        c.close();
        scratch.close();
    }
}
