package io.hashlayers.driver.gang;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last lines that this JVM logged, for the report of a failure: what was said just before is often the reason. Secrets are
 * taken out. Thread-safe.
 */
final class LogTail extends AbstractAppender {
    private static final Logger log = LoggerFactory.getLogger(LogTail.class);
    private static final int LINES = 50;
    private static final int LONGEST = 400;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final Redaction redaction;
    private final Deque<String> lines = new ArrayDeque<>(LINES);

    LogTail(Redaction redaction) {
        super("hashlayers-tail", null, null, true, Property.EMPTY_ARRAY);
        this.redaction = redaction;
    }

    /** Hears from now on what is logged, at the levels that are set; where Log4j 2 does not log, nothing. */
    void install() {
        if (LogManager.getContext(false) instanceof LoggerContext context) {
            start();
            context.getConfiguration().getRootLogger().addAppender(this, null, null);
            context.updateLoggers();
        } else {
            log.debug("another logging system than Log4j 2 is used; a failure is told without the last lines");
        }
    }

    /** Hears no more. */
    void remove() {
        if (LogManager.getContext(false) instanceof LoggerContext context) {
            context.getConfiguration().getRootLogger().removeAppender(getName());
            context.updateLoggers();
            stop();
        }
    }

    @Override
    public void append(LogEvent event) {
        String logger = event.getLoggerName();
        Throwable thrown = event.getThrown();
        String line = "%s %-5s %s: %s%s"
                .formatted(
                        TIME.format(Instant.ofEpochMilli(event.getTimeMillis())),
                        event.getLevel(),
                        logger.substring(logger.lastIndexOf('.') + 1),
                        event.getMessage().getFormattedMessage(),
                        thrown == null ? "" : ": " + thrown);
        add(redaction.of(line.lines().findFirst().orElse("")));
    }

    private void add(String line) {
        synchronized (lines) {
            if (lines.size() == LINES) {
                lines.removeFirst();
            }
            lines.addLast(line.length() > LONGEST ? line.substring(0, LONGEST) : line);
        }
    }

    /** The last lines, the oldest first. */
    List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }
}
