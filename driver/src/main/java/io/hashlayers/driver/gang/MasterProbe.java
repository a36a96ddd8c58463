package io.hashlayers.driver.gang;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Asks whether anyone listens where a standalone master should be. Spark itself tries for a minute and then ends with an
 * error that does not name the master.
 */
final class MasterProbe {
    private static final String SCHEME = "spark://";

    private MasterProbe() {}

    /**
     * Returns if one of the masters takes connections, or the name is not of a standalone master.
     *
     * @param master such as {@code spark://host1:7077,host2:7077}
     * @param timeout of each connection
     * @throws TrainingException of kind {@code RESOURCES} that names the master if none does; {@code USER} if an address
     *     lacks its port
     */
    static void requireReachable(String master, Duration timeout) {
        if (!master.startsWith(SCHEME)) {
            return;
        }
        List<String> reasons = new ArrayList<>();
        for (String address : master.substring(SCHEME.length()).split(",", -1)) {
            String reason = tryToConnect(address, master, timeout);
            if (reason == null) {
                return;
            }
            reasons.add(reason);
        }
        throw new TrainingException(
                Failure.RESOURCES,
                "no Spark master answers at " + master + " (" + String.join("; ", reasons)
                        + "); start it, for example with deploy/standalone start, or give another --master");
    }

    private static @Nullable String tryToConnect(String address, String master, Duration timeout) {
        int colon = address.lastIndexOf(':');
        try (Socket socket = new Socket()) {
            int port = Integer.parseInt(address.substring(colon + 1));
            InetSocketAddress target = new InetSocketAddress(address.substring(0, Math.max(0, colon)), port);
            if (target.isUnresolved()) {
                return "the host of " + address + " is unknown";
            }
            socket.connect(target, Math.toIntExact(timeout.toMillis()));
            return null;
        } catch (IOException e) {
            return e.getMessage();
        } catch (IllegalArgumentException e) {
            throw new TrainingException(
                    Failure.USER, "the master " + master + " has no usable port; write spark://HOST:PORT", e);
        }
    }
}
