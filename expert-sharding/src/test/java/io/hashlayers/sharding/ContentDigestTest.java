package io.hashlayers.sharding;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ContentDigestTest {
    @Test
    void isSha256OfLittleEndianIntegers() {
        // printf '\x01\x00\x00\x00\xfe\xff\xff\xff' | sha256sum
        assertThat(new ContentDigest().add(1, -2).finish())
                .isEqualTo("sha256:b5f56b64f014154a5433fcb074019bb39a5bc74b2004cb4670565d57b5af23b6");
    }

    @Test
    void dependsOnTheIntegersAndNotOnHowTheyAreGrouped() {
        int[] many = IntStream.range(0, 10_000).toArray(); // more than one chunk

        var oneByOne = new ContentDigest();
        for (int value : many) {
            oneByOne.add(value);
        }

        assertThat(oneByOne.finish()).isEqualTo(new ContentDigest().add(many).finish());
    }

    @Test
    void startsAnewAfterFinishing() {
        var digest = new ContentDigest();
        String first = digest.add(7).finish();

        assertThat(digest.add(7).finish()).isEqualTo(first);
    }
}
