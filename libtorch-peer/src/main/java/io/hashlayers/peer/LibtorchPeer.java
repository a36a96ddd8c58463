package io.hashlayers.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Trains on the batch of a folder as it is told on standard input: {@code gradients}, {@code steps N},
 * {@code quit}; answers on standard output. Arguments: the folder, and the number of threads.
 */
public final class LibtorchPeer {
    private final Path dir;
    private final double clipNorm;
    private final Map<String, Tensor> parameters;
    private final PeerModel model;
    private final TensorVector all = new TensorVector();
    private final AdamW optimizer;

    private LibtorchPeer(Path dir) throws IOException {
        this.dir = dir;
        JsonNode config = new ObjectMapper().readTree(dir.resolve("model.json").toFile());
        this.clipNorm = config.get("clipNorm").asDouble();
        this.parameters = TensorFile.read(dir.resolve("weights.safetensors"));
        PeerBatch batch = new PeerBatch(
                dir,
                config.get("contextLength").asInt(),
                config.get("numExperts").asInt());
        this.model = new PeerModel(config, parameters, batch);
        parameters.values().forEach(all::push_back);
        AdamWOptions options = new AdamWOptions(config.get("learningRate").asDouble());
        options.betas().put(0, config.get("beta1").asDouble());
        options.betas().put(1, config.get("beta2").asDouble());
        options.eps().put(config.get("epsilon").asDouble());
        options.weight_decay().put(0);
        this.optimizer = new AdamW(all, options);
    }

    /** Runs until it is told to quit. */
    public static void main(String[] args) throws IOException {
        torch.set_num_threads(Integer.parseInt(args[1]));
        LibtorchPeer peer = new LibtorchPeer(Path.of(args[0]));
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
            System.out.println(peer.answer(line.split(" ", -1)));
        }
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
            optimizer.zero_grad();
            Tensor loss = model.loss();
            loss.backward();
            TensorFile.writeGradients(dir.resolve("gradients.safetensors"), parameters);
            return "loss " + loss.item_float();
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
            optimizer.zero_grad();
            model.loss().backward();
            if (clipNorm > 0) {
                torch.clip_grad_norm_(all, clipNorm);
            }
            optimizer.step();
        } finally {
            scope.close();
        }
    }
}
