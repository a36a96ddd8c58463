package io.hashlayers.worker.kernels.vector;

import static io.hashlayers.worker.kernels.vector.Vectors.LANES;
import static io.hashlayers.worker.kernels.vector.Vectors.SPECIES;
import static io.hashlayers.worker.kernels.vector.Vectors.load;
import static io.hashlayers.worker.kernels.vector.Vectors.store;

import io.hashlayers.worker.kernels.AdamStep;
import io.hashlayers.worker.kernels.Matrix;
import java.nio.ByteBuffer;
import jdk.incubator.vector.FloatVector;

/** {@link AdamStep} in one pass over parameters, gradients and moments. */
final class AdamKernel {
    private AdamKernel() {}

    static void step(Matrix p, Matrix g, Matrix m, Matrix v, AdamStep step) {
        int count = (int) p.size();
        int full = SPECIES.loopBound(count);
        vectors(
                p.memory(),
                p.byteOffset(),
                g.memory(),
                g.byteOffset(),
                m.memory(),
                m.byteOffset(),
                v.memory(),
                v.byteOffset(),
                full,
                step);
        for (int i = full; i < count; i++) {
            element(p, g, m, v, i * Float.BYTES, step);
        }
    }

    private static void vectors(
            ByteBuffer p,
            int pAt,
            ByteBuffer g,
            int gAt,
            ByteBuffer m,
            int mAt,
            ByteBuffer v,
            int vAt,
            int count,
            AdamStep step) {
        float gradientScale = step.gradientScale();
        float beta1 = step.beta1();
        float beta2 = step.beta2();
        float inverse1 = 1 / step.correction1();
        float inverse2 = 1 / step.correction2();
        float epsilon = step.epsilon();
        float weightDecay = step.weightDecay();
        float learningRate = step.learningRate();
        for (int i = 0; i < count; i += LANES) {
            int at = i * Float.BYTES;
            FloatVector gradient = load(g, gAt + at).mul(gradientScale);
            FloatVector first = load(m, mAt + at).mul(beta1).add(gradient.mul(1 - beta1));
            FloatVector second =
                    load(v, vAt + at).mul(beta2).add(gradient.mul(gradient).mul(1 - beta2));
            store(first, m, mAt + at);
            store(second, v, vAt + at);
            FloatVector parameter = load(p, pAt + at);
            FloatVector update = first.mul(inverse1)
                    .div(second.mul(inverse2).sqrt().add(epsilon))
                    .add(parameter.mul(weightDecay));
            store(parameter.sub(update.mul(learningRate)), p, pAt + at);
        }
    }

    private static void element(Matrix p, Matrix g, Matrix m, Matrix v, int at, AdamStep step) {
        float gradient = g.memory().getFloat(g.byteOffset() + at) * step.gradientScale();
        float first = m.memory().getFloat(m.byteOffset() + at) * step.beta1() + gradient * (1 - step.beta1());
        float second =
                v.memory().getFloat(v.byteOffset() + at) * step.beta2() + gradient * gradient * (1 - step.beta2());
        m.memory().putFloat(m.byteOffset() + at, first);
        v.memory().putFloat(v.byteOffset() + at, second);
        float parameter = p.memory().getFloat(p.byteOffset() + at);
        float root = (float) Math.sqrt(second / step.correction2());
        float update = first / step.correction1() / (root + step.epsilon()) + parameter * step.weightDecay();
        p.memory().putFloat(p.byteOffset() + at, parameter - update * step.learningRate());
    }
}
