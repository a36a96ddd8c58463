package io.hashlayers.driver.chaos;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An executor is killed, or stops without a word: its process is there and its connections are open. */
final class SignalExecutor implements Fault {
    private final Signal signal;
    private @Nullable ProcessHandle struck;

    SignalExecutor(Signal signal) {
        this.signal = signal;
    }

    @Override
    public String strike(Target target) throws IOException, InterruptedException {
        ProcessHandle executor = target.anExecutor();
        struck = executor;
        signal.send(executor);
        return "process " + executor.pid();
    }

    @Override
    public boolean outlastsTheRun() {
        return signal == Signal.STOP;
    }

    /** A stopped process that nobody removed would stay for ever. */
    @Override
    public void heal(Target target) {
        if (signal == Signal.STOP && struck != null) {
            struck.destroyForcibly();
        }
    }
}
