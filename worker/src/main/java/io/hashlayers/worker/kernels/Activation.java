package io.hashlayers.worker.kernels;

/** The nonlinearity of a feed-forward network. */
public enum Activation {
    /** {@code max(0, x)}. */
    RELU,
    /** {@code 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}, the tanh form of GELU (Hendrycks and Gimpel 2016). */
    GELU
}
