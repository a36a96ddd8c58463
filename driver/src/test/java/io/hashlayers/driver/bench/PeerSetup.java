package io.hashlayers.driver.bench;

import java.util.List;

/**
 * A way to run libtorch on this machine. Of several processes each has the whole model and a share of the sequences.
 *
 * @param blas {@code openblas} or {@code mkl}
 * @param threads of each process
 */
record PeerSetup(String blas, int processes, int threads) {
    static final List<PeerSetup> ALL = List.of(
            new PeerSetup("openblas", 1, 1),
            new PeerSetup("openblas", 1, 2),
            new PeerSetup("openblas", 2, 1),
            new PeerSetup("mkl", 1, 1),
            new PeerSetup("mkl", 1, 2),
            new PeerSetup("mkl", 2, 1));

    @Override
    public String toString() {
        String name = "libtorch, " + (blas.equals("mkl") ? "MKL" : "OpenBLAS");
        return processes > 1
                ? "%s, %d processes, %d thread each, Gloo".formatted(name, processes, threads)
                : "%s, %d thread%s".formatted(name, threads, threads > 1 ? "s" : "");
    }
}
