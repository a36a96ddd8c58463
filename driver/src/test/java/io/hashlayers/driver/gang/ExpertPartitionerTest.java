package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.placement.ExpertPlacement;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.util.SplittableRandom;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import scala.reflect.ClassTag$;

class ExpertPartitionerTest {
    @RandomSeeds(20)
    void isTheSameMapAsThePlacement(long seed) {
        var random = new SplittableRandom(seed);
        int experts = random.nextInt(1, 100);
        long[] loads = random.longs(experts, 0, 1000).toArray();
        ExpertPlacement placement = ExpertPlacement.byLoad(loads, random.nextInt(1, 20));

        ExpertPartitioner partitioner = new ExpertPartitioner(placement);

        assertThat(partitioner.numPartitions()).isEqualTo(placement.worldSize());
        for (int expert = 0; expert < experts; expert++) {
            assertThat(partitioner.getPartition(expert)).isEqualTo(placement.rankOf(expert));
            assertThat(partitioner.getPartition(new TrafficKey(random.nextInt(9), expert)))
                    .isEqualTo(placement.rankOf(expert));
        }
        assertThat(partitioner)
                .isEqualTo(new ExpertPartitioner(ExpertPlacement.byLoad(loads, placement.worldSize())))
                .hasSameHashCodeAs(new ExpertPartitioner(ExpertPlacement.byLoad(loads, placement.worldSize())));
    }

    @Test
    void aKeyThatNamesNoExpertIsRefused() {
        var partitioner = new ExpertPartitioner(ExpertPlacement.roundRobin(4, 2));

        assertThatThrownBy(() -> partitioner.getPartition("one")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void keysGoThroughKryoAndRecordsAreRefused() {
        SerializerInstance kryo = new KryoSerializer(SparkSettings.complete(new SparkConf(false))).newInstance();
        var tag = ClassTag$.MODULE$.<Object>apply(Object.class);
        TrafficKey key = new TrafficKey(1 << 30, 77);

        assertThat(kryo.<Object>deserialize(kryo.serialize(key, tag), tag)).isEqualTo(key);
        assertThatThrownBy(() -> kryo.serialize(new RankProcess(1, true, 2), tag))
                .hasMessageContaining("Class is not registered");
    }
}
