package io.hashlayers.driver.chaos;

import java.io.IOException;

/** Signals that a process cannot ignore. */
enum Signal {
    KILL,
    STOP;

    void send(ProcessHandle process) throws IOException, InterruptedException {
        Shell.run("kill", "-" + name(), Long.toString(process.pid()));
    }
}
