package io.hashlayers.peer;

import java.time.Duration;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.FileStore;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;

/**
 * Sums the gradients of all processes by Gloo over 127.0.0.1: one all-reduce of one flat buffer, of which every gradient is a
 * view afterwards. So it costs one copy of the gradients and one message, as little as data parallelism in libtorch can.
 *
 * <p>The processes meet by a file rather than a server of libtorch's, which would listen on all addresses.
 */
final class GradientSum {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final TensorVector parameters;
    private final Tensor flat;
    private final ProcessGroupGloo group;

    GradientSum(TensorVector parameters, PeerArguments arguments) {
        this.parameters = parameters;
        long size = 0;
        for (Tensor parameter : parameters.get()) {
            size += parameter.numel();
        }
        this.flat = torch.zeros(size);
        this.group = meet(arguments);
    }

    private static ProcessGroupGloo meet(PeerArguments arguments) {
        Milliseconds deadline = new Milliseconds(DEADLINE.toMillis());
        FileStore store = new FileStore(arguments.meeting().toString(), arguments.processes());
        store.setTimeout(deadline);
        ProcessGroupGloo.Options options = ProcessGroupGloo.Options.create(deadline);
        options.devices(new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname("127.0.0.1")));
        return new ProcessGroupGloo(store, arguments.rank(), arguments.processes(), options);
    }

    /**
     * Replaces the gradient of every parameter by its sum over the processes; one that is missing counts as 0. They are views then:
     * the caller drops them before the next backward pass.
     */
    void sum() {
        PointerScope scope = new PointerScope(); // frees what is made meanwhile
        try {
            gather();
            Work work = group.allreduce(new TensorVector(flat));
            if (!work._wait(new Milliseconds(DEADLINE.toMillis()))) {
                throw new IllegalStateException("the all-reduce did not succeed within " + DEADLINE);
            }
            spread();
        } finally {
            scope.close();
        }
    }

    private void gather() {
        TensorVector pieces = new TensorVector();
        for (long i = 0; i < parameters.size(); i++) {
            Tensor gradient = parameters.get(i).grad();
            pieces.push_back(
                    gradient.defined()
                            ? gradient.reshape(-1)
                            : torch.zeros(parameters.get(i).numel()));
        }
        torch.cat_out(flat, pieces, 0);
    }

    private void spread() {
        long start = 0;
        for (long i = 0; i < parameters.size(); i++) {
            Tensor parameter = parameters.get(i);
            Tensor view = flat.narrow(0, start, parameter.numel()).view(parameter.shape());
            parameter.mutable_grad().put(view);
            start += parameter.numel();
        }
    }
}
