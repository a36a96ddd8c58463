package io.hashlayers.worker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.testing.RandomSeeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDatasetTest {
    private static final int NARROW = 65_536; // the last vocabulary of two bytes a token
    private static final int WIDE = 200_000;

    @TempDir
    Path dir;

    @RandomSeeds(40)
    void rowsEqualThoseOfThePlainConcatenation(long seed) throws IOException {
        var random = new SplittableRandom(seed);
        int vocabulary = random.nextBoolean() ? NARROW : WIDE;
        int length = random.nextInt(1, 20);
        List<int[]> shards = new ArrayList<>(List.of(draw(random, length + 1, vocabulary)));
        for (int i = random.nextInt(8); i > 0; i--) {
            shards.add(random.nextInt(shards.size() + 1), draw(random, random.nextInt(15), vocabulary));
        }
        int[] all = shards.stream().flatMapToInt(Arrays::stream).toArray();
        SmallDataset.write(dir, vocabulary, shards);

        try (TokenDataset dataset = open(length)) {
            assertThat(dataset.rows()).isEqualTo((all.length - 1) / length);
            for (int i = 0; i < 30; i++) {
                int row = random.nextInt((int) dataset.rows());
                int offset = random.nextInt(4);
                int[] tokens = new int[length + 4];
                int[] targets = new int[length + 4];
                dataset.readRow(row, tokens, targets, offset);

                int first = row * length;
                assertThat(tokens).isEqualTo(placed(all, first, length, offset));
                assertThat(targets).isEqualTo(placed(all, first + 1, length, offset));
            }
        }
    }

    /** {@code length} values from {@code first} on, at {@code offset} of an array of zeros. */
    private static int[] placed(int[] values, int first, int length, int offset) {
        int[] placed = new int[length + 4];
        System.arraycopy(values, first, placed, offset, length);
        return placed;
    }

    @Test
    void theGreatestTokensOfBothWidthsAreRead() throws IOException {
        for (int vocabulary : new int[] {1, 65_535, 65_536, 65_537, Integer.MAX_VALUE}) {
            Path own = dir.resolve("v" + vocabulary);
            SmallDataset.write(own, vocabulary, List.of(new int[] {vocabulary - 1, 0, vocabulary - 1}));

            try (TokenDataset dataset = TokenDataset.open(SmallDataset.HADOOP, own.toString(), "train", 2)) {
                int[] tokens = new int[2];
                int[] targets = new int[2];
                dataset.readRow(0, tokens, targets, 0);
                assertThat(tokens).containsExactly(vocabulary - 1, 0);
                assertThat(targets).containsExactly(0, vocabulary - 1);
            }
        }
    }

    @Test
    void theLastTokenIsATargetOnlyAndARestShorterThanARowIsNotRead() throws IOException {
        SmallDataset.write(dir, 100, List.of(IntStream.range(0, 12).toArray()));

        assertThat(rows(11)).isEqualTo(1);
        assertThat(rows(4)).isEqualTo(2);
        assertThat(rows(1)).isEqualTo(11);
        assertData(() -> open(12))
                .hasMessageContaining("the train split")
                .hasMessageContaining("has 12 tokens, one sequence of 12 needs 13; prepare more text");
    }

    @Test
    void aRowOrAnArrayOutsideTheBoundsIsRefused() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[9]));

        try (TokenDataset dataset = open(4)) {
            int[] four = new int[4];
            for (long row : new long[] {-1, 2, Long.MAX_VALUE}) {
                assertThatThrownBy(() -> dataset.readRow(row, four, four, 0))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
            assertThatThrownBy(() -> dataset.readRow(0, four, four, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> dataset.readRow(0, four, new int[3], 0))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> open(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[9], new int[9], new int[9]));
        Files.delete(shard(1));

        assertData(() -> open(4)).hasMessageContaining("train/tokens-00001.bin is missing; restore the file");
    }

    @Test
    void aShardOfAnotherLengthIsNamedWithBothLengths() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[9], new int[9]));
        for (int length : new int[] {0, 1, 17, 19, 36}) {
            Files.write(shard(1), new byte[length]);

            assertData(() -> open(4))
                    .hasMessageContaining("train/tokens-00001.bin has " + length + " bytes, the manifest says 18;");
        }
    }

    @Test
    void aShardThatBecomesShorterWhileItIsReadIsNamed() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[9], new int[9]));

        try (TokenDataset dataset = open(4)) {
            Files.write(shard(1), new byte[3]);
            int[] four = new int[4];
            dataset.readRow(0, four, four.clone(), 0);
            assertData(() -> dataset.readRow(3, four, four.clone(), 0))
                    .hasMessageContaining("train/tokens-00001.bin became shorter while it was read");
        }
    }

    @Test
    void aTokenOutsideTheVocabularyIsNamedWithItsShard() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[6], new int[0], new int[0], new int[6]));
        byte[] bytes = Files.readAllBytes(shard(3));
        bytes[0] = 100; // token 6 of the split, where the empty shards begin too
        Files.write(shard(3), bytes);

        try (TokenDataset dataset = open(4)) {
            int[] four = new int[4];
            dataset.readRow(0, four, four.clone(), 0);
            assertData(() -> dataset.readRow(1, four, four.clone(), 0))
                    .hasMessageContaining("train/tokens-00003.bin holds the token 100, outside the vocabulary of 100");
        }
    }

    @Test
    void aNegativeTokenOfFourBytesIsRefused() throws IOException {
        SmallDataset.write(dir, WIDE, List.of(new int[5]));
        byte[] bytes = Files.readAllBytes(shard(0));
        bytes[3] = (byte) 0x80;
        Files.write(shard(0), bytes);

        try (TokenDataset dataset = open(4)) {
            assertData(() -> dataset.readRow(0, new int[4], new int[4], 0))
                    .hasMessageContaining("holds the token -2147483648");
        }
    }

    @Test
    void verifyFindsAFlippedBitInAnyByteWhichTheLengthDoesNot() throws IOException {
        SmallDataset.write(dir, 100, List.of(IntStream.range(0, 30).toArray(), new int[] {1, 2, 3}));
        byte[] good = Files.readAllBytes(shard(0));

        try (TokenDataset dataset = open(4)) {
            dataset.verify();
            for (int bit = 0; bit < 8 * good.length; bit += 7) {
                byte[] bad = good.clone();
                bad[bit / 8] ^= (byte) (1 << (bit % 8));
                Files.write(shard(0), bad);
                assertData(dataset::verify)
                        .as("bit " + bit)
                        .hasMessageContaining("train/tokens-00000.bin is damaged: its checksum is sha256:");
            }
            Files.write(shard(0), good);
            dataset.verify();
        }
    }

    @Test
    void anUnknownSplitIsAMistakeOfTheUserAndTheSplitsAreNamed() throws IOException {
        SmallDataset.write(dir, 100, List.of(new int[9]));

        assertThatThrownBy(() -> TokenDataset.open(SmallDataset.HADOOP, dir.toString(), "dev", 4))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("the dataset " + dir + " has no split 'dev'; choose one of [train]");
    }

    private static AbstractThrowableAssert<?, ?> assertData(ThrowingCallable call) {
        return assertThatThrownBy(call).isInstanceOfSatisfying(TrainingException.class, e -> assertThat(e.failure())
                .isEqualTo(Failure.DATA));
    }

    private long rows(int length) throws IOException {
        try (TokenDataset dataset = open(length)) {
            return dataset.rows();
        }
    }

    private TokenDataset open(int length) {
        return TokenDataset.open(SmallDataset.HADOOP, dir.toString(), DatasetFiles.TRAIN, length);
    }

    private Path shard(int number) {
        return dir.resolve(DatasetFiles.shard(DatasetFiles.TRAIN, number));
    }

    private static int[] draw(SplittableRandom random, int count, int vocabulary) {
        return random.ints(count, 0, vocabulary).toArray();
    }
}
