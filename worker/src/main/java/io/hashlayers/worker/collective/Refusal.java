package io.hashlayers.worker.collective;

import io.netty.channel.Channel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a peer that does not keep to the rules is dealt with: one line in the log, and its connection is closed. */
final class Refusal {
    private static final Logger log = LoggerFactory.getLogger(Refusal.class);

    private Refusal() {}

    /** Closes a connection; says why, but only once of each. */
    static void of(Channel connection, String why) {
        if (connection.isActive()) {
            tell(connection, why);
            var unused = connection.close();
        }
    }

    /** Says why, for a caller that has something to send before it closes. */
    static void tell(Channel connection, String why) {
        log.warn("refused {}: {}; its connection is closed", connection.remoteAddress(), why);
    }
}
