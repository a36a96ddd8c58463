package io.hashlayers.worker.kernels.benchmark;

/** Sizes of a model and of the rows that one rank computes at once. */
public enum ModelShape {
    /** conf/bench-small.conf on two ranks. */
    SMALL(256, 1024, 8192, 4, 128),
    /** Twice as wide, with longer sequences. */
    LARGE(512, 2048, 16384, 8, 512);

    static final int ROWS = 512;
    static final int EXPERT_ROWS = 32;

    final int dim;
    final int hidden;
    final int vocabulary;
    final int heads;
    final int length;

    ModelShape(int dim, int hidden, int vocabulary, int heads, int length) {
        this.dim = dim;
        this.hidden = hidden;
        this.vocabulary = vocabulary;
        this.heads = heads;
        this.length = length;
    }
}
