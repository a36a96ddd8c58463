package io.hashlayers.driver.chaos;

import java.io.IOException;

/** The {@code train} command is killed, and started again as a scheduler would. */
final class KillDriver implements Fault {
    @Override
    public String strike(Target target) throws IOException, InterruptedException {
        Signal.KILL.send(target.driver());
        return "process " + target.driver().pid();
    }
}
