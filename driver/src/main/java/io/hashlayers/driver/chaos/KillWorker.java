package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.time.Duration;

/** A Spark worker is killed, its executors end with it, and a while later there is another one. */
final class KillWorker implements Fault {
    private int struck = -1;

    @Override
    public String strike(Target target) throws IOException, InterruptedException {
        struck = target.random().nextInt(target.cluster().workers());
        target.cluster().killWorker(struck);
        return "worker " + (struck + 1);
    }

    @Override
    public Duration lasts() {
        return Duration.ofSeconds(3);
    }

    @Override
    public void heal(Target target) throws IOException {
        target.cluster().startWorker(struck);
    }
}
