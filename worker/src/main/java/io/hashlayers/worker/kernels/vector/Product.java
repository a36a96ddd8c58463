package io.hashlayers.worker.kernels.vector;

import io.hashlayers.worker.kernels.vector.Operation.Argument;
import java.util.List;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The product of one shape as oneDNN compiled it, to be run on any memory. It takes its scratch from the caller, so that a run
 * allocates nothing to speak of.
 *
 * <p>oneDNN takes a third longer where the rows of {@code B} are many and few floats long; so such a B is copied into the layout
 * that oneDNN likes best, unless it is large.
 */
final class Product implements AutoCloseable {
    private static final int MANY_ROWS = 4096;

    /** Floats of the largest B that is copied, 8 MiB; it is scratch that no memory plan counts. */
    private static final long MOST_PACKED = 1L << 21;

    private static final long PAGE = 4096;

    private final Operand a;
    private final Operand b;
    private final Operand c;
    private final Operand scratch;
    private final Operation multiplication;
    private final @Nullable Packing packing;
    private final long packedBytes;
    private final Place scratchPlace = new Place();

    /**
     * Compiles a product for as many threads as OpenMP grants the caller.
     *
     * @throws IllegalStateException if oneDNN has no implementation
     */
    Product(engine engine, ProductShape shape) {
        try (memory.desc ofA = floats(shape.sizeA(), shape.stridesA());
                memory.desc ofB = floats(shape.sizeB(), shape.stridesB());
                memory.desc ofC = floats(shape.sizeC(), shape.stridesC());
                memory.desc anyB = new memory.desc(shape.sizeB(), memory.data_type.f32, memory.format_tag.any);
                matmul.desc operation = new matmul.desc(ofA, packs(shape) ? anyB : ofB, ofC);
                primitive_attr attributes = attributes(shape.accumulate());
                matmul.primitive_desc plan = new matmul.primitive_desc(operation, attributes, engine);
                memory.desc bestB = plan.weights_desc();
                memory.desc ofScratch = plan.scratchpad_desc()) {
            a = new Operand(engine, ofA);
            b = new Operand(engine, ofB);
            c = new Operand(engine, ofC);
            scratch = new Operand(engine, ofScratch);
            packing = bestB.equals(ofB) ? null : new Packing(engine, b, ofB, bestB);
            packedBytes = packing == null ? 0 : (packing.bytes() + PAGE - 1) / PAGE * PAGE;
            multiplication = new Operation(
                    new matmul(plan),
                    List.of(
                            new Argument(dnnl.DNNL_ARG_SRC, a),
                            new Argument(dnnl.DNNL_ARG_WEIGHTS, packing == null ? b : packing.packed()),
                            new Argument(dnnl.DNNL_ARG_DST, c),
                            new Argument(dnnl.DNNL_ARG_SCRATCHPAD, scratch)));
        } catch (RuntimeException e) { // of C++
            throw new IllegalStateException("oneDNN does not make the product " + shape + ": " + e.getMessage(), e);
        }
    }

    private static boolean packs(ProductShape shape) {
        long rows = shape.sizeB()[0];
        return !shape.transposed() && rows >= MANY_ROWS && rows * shape.sizeB()[1] <= MOST_PACKED;
    }

    private static memory.desc floats(long[] size, long[] strides) {
        return new memory.desc(size, memory.data_type.f32, strides);
    }

    private static primitive_attr attributes(boolean accumulate) {
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
        if (accumulate) {
            try (post_ops sum = new post_ops()) {
                sum.append_sum();
                attributes.set_post_ops(sum);
            }
        }
        return attributes;
    }

    /** Bytes that a run needs beside its matrices. */
    long scratchBytes() {
        return packedBytes + scratch.bytes();
    }

    /**
     * Multiplies.
     *
     * @param scratchStart of at least {@link #scratchBytes}
     */
    void run(dnnl_stream stream, Place placeA, Place placeB, Place placeC, Pointer scratchStart) {
        a.lieAt(placeA);
        b.lieAt(placeB);
        c.lieAt(placeC);
        if (packing != null) {
            packing.run(stream, scratchPlace.at(scratchStart, 0));
        }
        scratch.lieAt(scratchPlace.at(scratchStart, packedBytes));
        multiplication.run(stream);
    }

    @Override
    public void close() {
        multiplication.close();
        if (packing != null) {
            packing.close();
        }
        a.close();
        b.close();
        c.close();
        scratch.close();
    }

    /** The copy of B into another layout. */
    private static final class Packing implements AutoCloseable {
        private final Operand packed;
        private final Operation copy;

        Packing(engine engine, Operand b, memory.desc from, memory.desc to) {
            packed = new Operand(engine, to);
            try (reorder.primitive_desc plan = new reorder.primitive_desc(engine, from, engine, to)) {
                copy = new Operation(
                        new reorder(plan),
                        List.of(new Argument(dnnl.DNNL_ARG_FROM, b), new Argument(dnnl.DNNL_ARG_TO, packed)));
            }
        }

        Operand packed() {
            return packed;
        }

        long bytes() {
            return packed.bytes();
        }

        void run(dnnl_stream stream, Place place) {
            packed.lieAt(place);
            copy.run(stream);
        }

        @Override
        public void close() {
            copy.close();
            packed.close();
        }
    }
}
