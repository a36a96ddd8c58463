package io.hashlayers.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Trains on the batch of a folder as it is told on standard input, {@code gradients} or {@code steps N}, until that ends;
 * answers on standard output. Several processes share the sequences of the batch; each has the whole model.
 */
public final class LibtorchPeer {
    private final PeerArguments arguments;
    private final double clipNorm;
    private final Map<String, Tensor> parameters;
    private final PeerModel model;
    private final TensorVector all = new TensorVector();
    private final AdamW optimizer;
    private final @Nullable GradientSum sum;

    private LibtorchPeer(PeerArguments arguments) throws IOException {
        this.arguments = arguments;
        JsonNode config = new ObjectMapper()
                .readTree(arguments.dir().resolve("model.json").toFile());
        this.clipNorm = config.get("clipNorm").asDouble();
        this.parameters = TensorFile.read(arguments.dir().resolve("weights.safetensors"));
        PeerBatch batch = PeerBatch.read(
                arguments,
                config.get("contextLength").asInt(),
                config.get("numExperts").asInt());
        this.model = new PeerModel(config, parameters, batch);
        parameters.values().forEach(all::push_back);
        this.optimizer = optimizer(config);
        this.sum = arguments.processes() > 1 ? new GradientSum(all, arguments) : null;
    }

    private AdamW optimizer(JsonNode config) {
        AdamWOptions options = new AdamWOptions(config.get("learningRate").asDouble());
        options.betas().put(0, config.get("beta1").asDouble());
        options.betas().put(1, config.get("beta2").asDouble());
        options.eps().put(config.get("epsilon").asDouble());
        options.weight_decay().put(0);
        return new AdamW(all, options);
    }

    /** Runs until its input ends, or until the process that started it has ended. */
    public static void main(String[] args) throws IOException {
        ProcessHandle.current().parent().ifPresent(LibtorchPeer::dieWith);
        PeerArguments arguments = PeerArguments.parse(args);
        torch.set_num_threads(arguments.threads());
        LibtorchPeer peer = new LibtorchPeer(arguments);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(peer.answer(line.split(" ", -1)));
        }
        Runtime.getRuntime().halt(0); // Gloo would wait for its other processes
    }

    private static void dieWith(ProcessHandle parent) {
        Thread watch = new Thread(() -> {
            parent.onExit().join();
            Runtime.getRuntime().halt(1);
        });
        watch.setDaemon(true);
        watch.start();
    }

    private String answer(String[] words) throws IOException {
        return switch (words[0]) {
            case "gradients" -> gradients();
            case "steps" -> steps(Integer.parseInt(words[1]));
            default -> throw new IllegalArgumentException("unknown command " + words[0]);
        };
    }

    private String gradients() throws IOException {
        PointerScope scope = new PointerScope(); // frees what is made meanwhile
        try {
            float loss = backward();
            if (arguments.rank() == 0) {
                TensorFile.writeGradients(arguments.dir().resolve("gradients.safetensors"), parameters);
            }
            return "loss " + loss;
        } finally {
            scope.close();
        }
    }

    private String steps(int count) {
        StringBuilder seconds = new StringBuilder("seconds");
        for (int i = 0; i < count; i++) {
            long start = System.nanoTime();
            step();
            seconds.append(' ').append((System.nanoTime() - start) * 1e-9);
        }
        return seconds.toString();
    }

    private void step() {
        PointerScope scope = new PointerScope();
        try {
            backward();
            if (clipNorm > 0) {
                torch.clip_grad_norm_(all, clipNorm);
            }
            optimizer.step();
        } finally {
            scope.close();
        }
    }

    /** The gradients of the mean loss over the whole batch; returns this process's share of that mean. */
    private float backward() {
        parameters.values().forEach(parameter -> parameter.mutable_grad().reset()); // zero_grad() refuses views
        Tensor loss = model.loss();
        if (sum != null) {
            loss = loss.mul(new Scalar(1.0 / arguments.processes())); // so that a sum is the mean
        }
        loss.backward();
        if (sum != null) {
            sum.sum();
        }
        return loss.item_float();
    }
}
