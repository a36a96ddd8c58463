package io.hashlayers.driver.gang;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class SparkSettingsTest {
    @Test
    void whatTheUserSetStaysAndListsGrow() {
        SparkConf conf = SparkSettings.complete(new SparkConf(false)
                .set("spark.master", "local[7]")
                .set("spark.barrier.sync.timeout", "10")
                .set("spark.plugins", "a.B")
                .set("spark.kryo.registrator", "c.D")
                .set("spark.executor.extraJavaOptions", "-Xss4m -Dorg.bytedeco.javacpp.maxbytes=2g"));

        assertThat(conf.get("spark.master")).isEqualTo("local[7]");
        assertThat(conf.get("spark.barrier.sync.timeout")).isEqualTo("10");
        assertThat(conf.get("spark.plugins")).isEqualTo("a.B,io.hashlayers.driver.gang.HashlayersPlugin");
        assertThat(conf.get("spark.kryo.registrator")).isEqualTo("c.D,io.hashlayers.driver.gang.HashlayersRegistrator");
        assertThat(conf.get("spark.executor.extraJavaOptions"))
                .isEqualTo(
                        "-Xss4m -Dorg.bytedeco.javacpp.maxbytes=2g --add-modules=jdk.incubator.vector -Dorg.bytedeco.javacpp.maxphysicalbytes=0 -XX:MaxDirectMemorySize=1t -XX:+UseParallelGC -XX:MaxNewSize=128m");
    }

    @Test
    void completingTwiceChangesNothing() {
        SparkConf once = SparkSettings.complete(new SparkConf(false));

        SparkConf twice = SparkSettings.complete(once.clone());

        assertThat(twice.getAll()).containsExactlyInAnyOrder(once.getAll());
    }

    @Test
    void aBarrierIsNotWaitedForAYear() {
        assertThat(SparkSettings.complete(new SparkConf(false)).getTimeAsSeconds("spark.barrier.sync.timeout"))
                .isLessThan(600);
    }
}
