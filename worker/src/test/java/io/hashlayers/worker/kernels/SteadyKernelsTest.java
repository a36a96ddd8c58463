package io.hashlayers.worker.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What holds for all kernels at once, on the operations of a whole model. */
class SteadyKernelsTest {
    private static final int WARM_UP_CALLS = 20_000;
    private static final int MEASURED_CALLS = 200;
    private static final long ALLOWED_BYTES = 64;

    @RandomSeeds(5)
    void vectorKernelsAgreeWithNd4jKernels(long seed) {
        List<Matrix> vector = run(KernelChoice.VECTOR, seed);
        List<Matrix> nd4j = run(KernelChoice.ND4J, seed);

        for (int i = 0; i < vector.size(); i++) {
            TestMemory.assertClose("matrix " + i, vector.get(i), TestMemory.values(nd4j.get(i)), 2e-5);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"VECTOR", "ND4J"})
    void repeatedRunIsBitIdentical(KernelChoice choice) {
        List<Matrix> once = run(choice, 7);
        List<Matrix> again = run(choice, 7);

        for (int i = 0; i < once.size(); i++) {
            assertThat(TestMemory.values(again.get(i)))
                    .as("matrix %d", i)
                    .isDeepEqualTo(TestMemory.values(once.get(i)));
        }
    }

    @Test
    void steadyCallOfVectorKernelsAllocatesNothing() {
        Kernels kernels = KernelsFactory.create(KernelChoice.VECTOR);
        new ModelOperations(1).operations().forEach((name, operation) -> assertThat(allocatedBytes(kernels, operation))
                .as(name)
                .isLessThanOrEqualTo(ALLOWED_BYTES));
    }

    private static List<Matrix> run(KernelChoice choice, long seed) {
        Kernels kernels = KernelsFactory.create(choice);
        ModelOperations model = new ModelOperations(seed);
        model.operations().values().forEach(operation -> operation.accept(kernels));
        return model.results();
    }

    /** Bytes of heap per call once the compiler has seen the loops: before, vectors are objects. */
    private static long allocatedBytes(Kernels kernels, Consumer<Kernels> operation) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long bytes = Long.MAX_VALUE;
        for (int calls = 0; calls < WARM_UP_CALLS && bytes > ALLOWED_BYTES; calls += MEASURED_CALLS) {
            long before = threads.getThreadAllocatedBytes(thread);
            for (int call = 0; call < MEASURED_CALLS; call++) {
                operation.accept(kernels);
            }
            bytes = (threads.getThreadAllocatedBytes(thread) - before) / MEASURED_CALLS;
        }
        return bytes;
    }
}
