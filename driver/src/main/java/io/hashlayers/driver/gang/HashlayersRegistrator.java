package io.hashlayers.driver.gang;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import org.apache.spark.serializer.KryoRegistrator;

/**
 * Names to Kryo what our jobs ship through Spark's shuffles and results, so that
 * {@code spark.kryo.registrationRequired=true} refuses everything else. Arrays of numbers and pairs are known to Spark; tensors are never shipped by it.
 */
public final class HashlayersRegistrator implements KryoRegistrator {
    @Override
    public void registerClasses(Kryo kryo) {
        kryo.register(TrafficKey.class, new TrafficKeySerializer());
    }

    private static final class TrafficKeySerializer extends Serializer<TrafficKey> {
        @Override
        public void write(Kryo kryo, Output output, TrafficKey key) {
            output.writeInt(key.chunk(), true);
            output.writeInt(key.expert(), true);
        }

        @Override
        public TrafficKey read(Kryo kryo, Input input, Class<TrafficKey> type) {
            return new TrafficKey(input.readInt(true), input.readInt(true));
        }
    }
}
