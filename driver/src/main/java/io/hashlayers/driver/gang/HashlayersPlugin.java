package io.hashlayers.driver.gang;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Brings messages of the ranks to the driver over Spark's own RPC, in the order in which a rank sends them, whatever the
 * cluster manager.
 */
public final class HashlayersPlugin implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new DriverMailbox();
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorMailbox();
    }
}
