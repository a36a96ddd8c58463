package io.hashlayers.worker.transformer;

import io.hashlayers.worker.kernels.Kernels;
import io.hashlayers.worker.kernels.Matrix;
import io.hashlayers.worker.parameter.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One of the networks that the experts of a rank consist of, of all these experts: {@code s += FFN_i(LN_i(x + s))}, and without a
 * norm {@code s = FFN_0(x)} for the first, whose input the block has normed (BASE Layers, arXiv 2103.16716, stacked sublayers). The
 * sum {@code s} of all of them is what an expert answers; {@code x} itself is left to the residual stream of the block.
 *
 * <p>Its buffers are windows on the rows of one expert, moved from expert to expert.
 */
final class ExpertSublayer {
    private final Kernels kernels;
    private final int sublayer;
    private final ExpertDropout dropout;
    private final int[] units; // of dropout, of each expert
    private final List<FeedForwardNetwork> networks; // of each expert
    private final Matrix inner; // [rows of the expert, F]
    private final Matrix hidden;
    private final @Nullable Norms norms; // none in the first sublayer

    /**
     * @param sublayer from 0
     * @param capacity most rows that the rank receives in a batch
     */
    ExpertSublayer(Setup setup, ExpertDropout dropout, int layer, int sublayer, int capacity) {
        this.kernels = setup.kernels();
        this.sublayer = sublayer;
        this.dropout = dropout;
        int[] experts = setup.parameters().localExperts(layer);
        int firstUnit = sublayer * setup.config().numExperts();
        this.units = IntStream.of(experts).map(expert -> firstUnit + expert).toArray();
        int ffnDim = setup.config().ffnDim();
        this.inner = buffer(setup, use("inner", sublayer), capacity, ffnDim);
        this.hidden = buffer(setup, use("hidden", sublayer), capacity, ffnDim);
        this.networks = new ArrayList<>();
        List<String> prefixes = new ArrayList<>();
        for (int expert : experts) {
            String prefix = ParameterLayout.sublayerPrefix(ParameterLayout.expertPrefix(layer, expert), sublayer);
            networks.add(new FeedForwardNetwork(setup, prefix));
            prefixes.add(prefix + ".norm");
        }
        this.norms = sublayer == 0 ? null : new Norms(setup, prefixes, capacity);
    }

    /** Names a buffer of this sublayer of all layers. */
    static String use(String what, int sublayer) {
        return "expert " + what + " " + sublayer;
    }

    private static Matrix buffer(Setup setup, String use, int rows, int cols) {
        return setup.workspace().recomputable(use, rows, cols).window(0, 0);
    }

    /** Shows the rows of an expert. */
    void show(int start, int rows) {
        inner.moveTo(start, rows);
        hidden.moveTo(start, rows);
        if (norms != null) {
            norms.show(start, rows);
        }
    }

    /**
     * Adds the answer of this network to the sum, which the first one begins.
     *
     * @param x [rows, D] inputs of the expert
     * @param sum [rows, D]
     */
    void forward(int expert, Matrix x, Matrix sum) {
        forwardToHidden(expert, x, sum);
        FeedForwardNetwork network = networks.get(expert);
        network.forwardFromHidden(hidden, sum, sublayer > 0);
        kernels.addBias(sum, network.downBias());
    }

    /** The part of {@link #forward} that writes all that {@link #backward} needs, and not the sum. */
    void forwardToHidden(int expert, Matrix x, Matrix sum) {
        Matrix input = norms == null ? x : norms.forward(expert, x, sum);
        networks.get(expert).forwardToHidden(input, inner, hidden);
        dropout.apply(hidden, units[expert]);
    }

    /**
     * Adds to the gradients of the network and turns that of the sum into that of the network's input.
     *
     * @param gradient [rows, D]
     * @param dInner scratch, [rows, F]
     */
    void backward(int expert, Matrix x, Matrix gradient, Matrix dInner) {
        FeedForwardNetwork network = networks.get(expert);
        network.backwardToHidden(hidden, gradient, dInner);
        dropout.apply(dInner, units[expert]);
        network.backwardFromHidden(norms == null ? x : norms.out, inner, dInner, gradient);
    }

    /**
     * Adds to the gradients of the norm and to that of {@code x + s}.
     *
     * @param gradient [rows, D] of the network's input, as {@link #backward} left it
     * @param stream [rows, D]
     */
    void normBackward(int expert, Matrix gradient, Matrix stream) {
        if (norms != null) {
            norms.backward(expert, gradient, stream);
        }
    }

    /** The norms of the experts, before a sublayer that is not the first. */
    private final class Norms {
        private final List<Parameter> gammas = new ArrayList<>();
        private final List<Parameter> betas = new ArrayList<>();
        private final Matrix stream; // [rows of the expert, D] x + s
        private final Matrix stats; // [rows, 2]
        private final Matrix out; // [rows, D]

        Norms(Setup setup, List<String> names, int capacity) {
            for (String name : names) {
                gammas.add(setup.parameter(name + ".weight"));
                betas.add(setup.parameter(name + ".bias"));
            }
            int dim = setup.config().modelDim();
            this.stream = buffer(setup, use("stream", sublayer), capacity, dim);
            this.stats = buffer(setup, use("stats", sublayer), capacity, 2);
            this.out = buffer(setup, use("normed", sublayer), capacity, dim);
        }

        void show(int start, int rows) {
            stream.moveTo(start, rows);
            stats.moveTo(start, rows);
            out.moveTo(start, rows);
        }

        Matrix forward(int expert, Matrix x, Matrix sum) {
            stream.copyFrom(x);
            kernels.add(stream, sum);
            kernels.layerNorm(
                    stream, gammas.get(expert).value(), betas.get(expert).value(), out, stats);
            return out;
        }

        void backward(int expert, Matrix dOut, Matrix dStream) {
            Parameter gamma = gammas.get(expert);
            kernels.layerNormBackward(
                    dOut,
                    stream,
                    stats,
                    gamma.value(),
                    dStream,
                    gamma.gradient(kernels),
                    betas.get(expert).gradient(kernels));
        }
    }
}
