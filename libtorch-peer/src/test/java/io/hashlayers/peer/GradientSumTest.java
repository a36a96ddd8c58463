package io.hashlayers.peer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradientSumTest {
    private static final int PROCESSES = 2; // threads here

    @TempDir
    private Path dir;

    @Test
    void everyProcessGetsTheSumAndMissingGradientsCountAsZero() throws Exception {
        List<List<float[]>> gradients = onAll(rank -> {
            Tensor both = Tensors.leaf(new float[6], 2, 3);
            Tensor one = Tensors.leaf(new float[2], 2);
            Tensor none = Tensors.leaf(new float[1], 1);
            TensorVector parameters = new TensorVector(both, one, none);
            GradientSum sum = new GradientSum(parameters, arguments(rank));
            for (int step = 0; step < 2; step++) {
                for (Tensor parameter : parameters.get()) {
                    parameter.mutable_grad().reset();
                }
                float factor = (rank == 0 ? 1 : 10) * (step + 1);
                both.t().mul(Tensor.create(scaled(factor), 3, 2)).sum().backward();
                if (rank == 1) {
                    one.mul(Tensor.create(new float[] {7, 8 + step})).sum().backward();
                }
                sum.sum();
            }
            return List.of(Tensors.floats(both.grad()), Tensors.floats(one.grad()), Tensors.floats(none.grad()));
        });

        for (List<float[]> ofOne : gradients) {
            assertThat(ofOne.get(0)).containsExactly(22, 66, 110, 44, 88, 132); // of the second step: factors 2 and 20
            assertThat(ofOne.get(1)).containsExactly(7, 9);
            assertThat(ofOne.get(2)).containsExactly(0);
        }
    }

    private static float[] scaled(float factor) {
        float[] values = new float[6];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i + 1) * factor;
        }
        return values;
    }

    private PeerArguments arguments(int rank) {
        return new PeerArguments(dir, 1, rank, PROCESSES, dir.resolve("meeting"));
    }

    private interface Work {
        List<float[]> of(int rank);
    }

    private static List<List<float[]>> onAll(Work work) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(PROCESSES);
        try {
            List<Future<List<float[]>>> running = new ArrayList<>();
            for (int rank = 0; rank < PROCESSES; rank++) {
                int which = rank;
                running.add(threads.submit(() -> work.of(which)));
            }
            List<List<float[]>> results = new ArrayList<>();
            for (Future<List<float[]>> one : running) {
                results.add(one.get(60, TimeUnit.SECONDS));
            }
            return results;
        } finally {
            threads.shutdownNow();
        }
    }
}
