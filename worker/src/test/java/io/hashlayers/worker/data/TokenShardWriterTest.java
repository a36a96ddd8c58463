package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenShardWriterTest {
    private static final String FILE = "train/tokens-00007.bin";

    @TempDir
    Path dir;

    @RandomSeeds(6)
    void theBytesAreTheTokensInLittleEndianOneByOne(long seed) throws IOException, GeneralSecurityException {
        var random = new SplittableRandom(seed);
        int vocabulary = random.nextBoolean() ? 65_536 : 70_000;
        int width = vocabulary == 65_536 ? 2 : 4;
        int[] tokens = random.ints(random.nextInt(100_000), 0, vocabulary).toArray(); // more than a buffer

        SplitInfo.Shard shard = write(vocabulary, tokens);

        byte[] expected = new byte[tokens.length * width];
        for (int i = 0; i < tokens.length; i++) {
            for (int b = 0; b < width; b++) {
                expected[i * width + b] = (byte) (tokens[i] >>> (8 * b));
            }
        }
        String checksum =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(expected));
        assertThat(Files.readAllBytes(dir.resolve(FILE))).isEqualTo(expected);
        assertThat(shard).isEqualTo(new SplitInfo.Shard(FILE, tokens.length, expected.length, "sha256:" + checksum));
    }

    @Test
    void anEmptyShardIsAnEmptyFile() throws IOException {
        assertThat(write(10, new int[0]).bytes()).isZero();
        assertThat(dir.resolve(FILE)).isEmptyFile();
    }

    @Test
    void aFileOfAnEarlierTryIsReplacedAndNothingElseIsLeft() throws IOException {
        write(10, new int[] {1, 2, 3, 4, 5});
        write(10, new int[] {6});

        assertThat(dir.resolve(FILE)).hasSize(2);
        assertThat(dir.resolve("train")).isDirectoryContaining("glob:**.bin");
        try (var files = Files.list(dir.resolve("train"))) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aTokenOutsideTheVocabularyIsNeverCutToItsWidth() throws IOException {
        try (var writer = writer(65_536)) {
            for (int token : new int[] {-1, 65_536, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
                assertThatThrownBy(() -> writer.write(token))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("token " + token + " is outside the vocabulary of 65536 in " + FILE);
            }
        }
    }

    @Test
    void sixteenBitsAreUsedWhereTheyHoldEveryToken() {
        assertThat(TokenWidth.of(1).bytes()).isEqualTo(2);
        assertThat(TokenWidth.of(65_536).bytes()).isEqualTo(2);
        assertThat(TokenWidth.of(65_537).bytes()).isEqualTo(4);
        assertThat(TokenWidth.of(Integer.MAX_VALUE).bytes()).isEqualTo(4);
    }

    private SplitInfo.Shard write(int vocabulary, int[] tokens) throws IOException {
        try (var writer = writer(vocabulary)) {
            writer.write(tokens);
            return writer.finish();
        }
    }

    private TokenShardWriter writer(int vocabulary) throws IOException {
        var folder = new org.apache.hadoop.fs.Path(dir.toString());
        return new TokenShardWriter(SmallDataset.HADOOP, folder, FILE, vocabulary);
    }
}
