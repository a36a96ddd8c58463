package io.hashlayers.worker.collective;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/** What we and Spark's network library log from warnings on, while this is open. */
final class LogLines extends AbstractAppender implements AutoCloseable {
    private static final List<String> LOGGERS = List.of("io.hashlayers", "org.apache.spark.network");

    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final LoggerContext context = LoggerContext.getContext(false);

    LogLines() {
        super("lines", null, null, true, Property.EMPTY_ARRAY);
        start();
        Configuration configuration = context.getConfiguration();
        for (String name : LOGGERS) {
            LoggerConfig logger = new LoggerConfig(name, Level.WARN, false);
            logger.addAppender(this, Level.WARN, null);
            configuration.addLogger(name, logger);
        }
        context.updateLoggers();
    }

    @Override
    public void append(LogEvent event) {
        lines.add(event.getMessage().getFormattedMessage());
    }

    /** All lines so far. */
    List<String> lines() {
        return List.copyOf(lines);
    }

    /** Forgets them. */
    void clear() {
        lines.clear();
    }

    @Override
    public void close() {
        LOGGERS.forEach(context.getConfiguration()::removeLogger);
        context.updateLoggers();
        stop();
    }
}
