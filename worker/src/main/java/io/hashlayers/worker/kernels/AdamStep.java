package io.hashlayers.worker.kernels;

/**
 * The scalars of one AdamW step (Loshchilov and Hutter 2019), the same for every parameter of a group.
 *
 * <p>{@code g' = gradientScale g}, {@code m = beta1 m + (1 - beta1) g'}, {@code v = beta2 v + (1 - beta2) g'^2},
 * {@code p = p - learningRate (m / correction1 / (sqrt(v / correction2) + epsilon) + weightDecay p)}.
 *
 * @param gradientScale factor of clipping, 1 where the norm is within its limit
 * @param correction1 {@code 1 - beta1^t} with t counted from 1
 * @param correction2 {@code 1 - beta2^t}
 */
public record AdamStep(
        float learningRate,
        float beta1,
        float beta2,
        float epsilon,
        float weightDecay,
        float gradientScale,
        float correction1,
        float correction2) {}
