package io.hashlayers.driver.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * Tells in one sentence that the program was told to end (SIGINT, SIGTERM), and keeps to itself what Spark and the ranks say while
 * they are torn down.
 */
final class Interruption {
    private static final int BEFORE_ALL_OTHERS = 1000;
    private static final String SENTENCE =
            "hashlayers: interrupted; what was saved stays, start the same command again to go on\n";

    private final PrintStream errors;
    private final Gate gate;
    private volatile boolean over;

    private Interruption(PrintStream errors) {
        this.errors = errors;
        this.gate = new Gate(errors);
    }

    /** Watches from now on; standard error goes through it. */
    static Interruption watch() {
        var interruption = new Interruption(System.err);
        System.setErr(new PrintStream(interruption.gate, true, StandardCharsets.UTF_8));
        ShutdownHookManager.get().addShutdownHook(interruption::tell, BEFORE_ALL_OTHERS);
        return interruption;
    }

    /** The command is over, so that the program ends by itself. */
    void over() {
        over = true;
    }

    private void tell() {
        if (!over) {
            gate.shut = true;
            errors.print(SENTENCE);
            errors.flush();
        }
    }

    /** Lets everything through until it is shut. */
    private static final class Gate extends FilterOutputStream {
        private volatile boolean shut;

        Gate(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            if (!shut) {
                out.write(b);
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (!shut) {
                out.write(bytes, offset, length);
            }
        }
    }
}
