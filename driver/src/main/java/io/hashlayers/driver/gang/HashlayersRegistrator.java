package io.hashlayers.driver.gang;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.List;
import org.apache.spark.serializer.KryoRegistrator;

/**
 * Names to Kryo what our jobs ship through Spark's shuffles and results, so that
 * {@code spark.kryo.registrationRequired=true} refuses everything else. Arrays of numbers and pairs are known to Spark; tensors are never shipped by it.
 */
public final class HashlayersRegistrator implements KryoRegistrator {
    /** What k-means collects, private to Spark, which registers none of it. */
    private static final List<String> OF_KMEANS = List.of(
            "org.apache.spark.mllib.clustering.VectorWithNorm", "[Lorg.apache.spark.mllib.clustering.VectorWithNorm;");

    @Override
    public void registerClasses(Kryo kryo) {
        kryo.register(TrafficKey.class, new TrafficKeySerializer());
        OF_KMEANS.forEach(name -> register(kryo, name));
    }

    private static void register(Kryo kryo, String name) {
        try {
            kryo.register(Class.forName(name, false, HashlayersRegistrator.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("Spark comes without MLlib: " + e.getMessage(), e);
        }
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
