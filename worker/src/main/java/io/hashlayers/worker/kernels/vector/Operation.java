package io.hashlayers.worker.kernels.vector;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.List;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.primitive;

/** An operation of oneDNN, compiled, with its operands. */
final class Operation implements AutoCloseable {
    /** An operand by oneDNN's number of what it is to the operation. */
    record Argument(int name, Operand operand) {}

    private final primitive primitive;
    private final dnnl_primitive handle; // owned by the primitive
    private final dnnl_exec_arg_t arguments;
    private final int count;

    Operation(primitive primitive, List<Argument> operands) {
        this.primitive = primitive;
        this.handle = primitive.get();
        this.count = operands.size();
        this.arguments = new dnnl_exec_arg_t(count);
        for (int i = 0; i < count; i++) {
            Argument operand = operands.get(i);
            arguments.position(i).arg(operand.name()).memory(operand.operand().handle());
        }
        arguments.position(0);
    }

    /** Runs on the operands where they lie now, and returns when it is done. */
    void run(dnnl_stream stream) {
        require(dnnl.dnnl_primitive_execute(handle, stream, count, arguments));
    }

    /**
     * Nothing if a function of oneDNN succeeded.
     *
     * @throws TrainingException of kind {@code RESOURCES} if it found no memory
     * @throws IllegalStateException if it failed otherwise
     */
    static void require(int status) {
        if (status == dnnl.dnnl_out_of_memory) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "oneDNN found no memory for a product; raise spark.executor.memoryOverhead, or raise train.accumulate-batches");
        }
        if (status != dnnl.dnnl_success) {
            throw new IllegalStateException("oneDNN failed with status " + status);
        }
    }

    @Override
    public void close() {
        arguments.close();
        primitive.close();
    }
}
