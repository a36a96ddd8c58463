package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.ContentDigest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The frozen map from feature values to experts: {@code hash(x)} in {@code h = FFN_hash(x)(h)} of Hash Layers, arXiv
 * 2106.04426, with {@code k} experts for every value where the paper has one.
 *
 * <p>The experts of one value are distinct. Immutable and safe to share between threads. It is an ordinary class rather
 * than a record because a record would hand out its array and compare it by identity.
 */
public final class ExpertTable implements Serializable {
    /** Most entries, {@code V * k}, of a table: 256 MB. Bounds what a damaged file can make us allocate. */
    static final int MAX_ENTRIES = 1 << 26;

    private static final long serialVersionUID = 1L;

    private final int numExperts;
    private final int expertsPerToken;
    private final int[] experts; // [V * k], row-major

    private ExpertTable(int numExperts, int expertsPerToken, int[] experts) {
        this.numExperts = numExperts;
        this.expertsPerToken = expertsPerToken;
        this.experts = experts;
    }

    /**
     * Draws {@code k} different experts for every value, each set of {@code k} equally likely: the paper's random hash.
     *
     * <p>The draws are a partial Fisher-Yates shuffle on {@link SplittableRandom}; a test holds the digest of one table, so
     * a seed means the same table on every Java release that passes it.
     *
     * @throws IllegalArgumentException if a size is out of range
     */
    public static ExpertTable random(int values, int numExperts, int k, long seed) {
        requireSizes(values, numExperts, k);
        var random = new SplittableRandom(seed);
        int[] deck = IntStream.range(0, numExperts).toArray();
        var experts = new int[values * k];
        for (int value = 0; value < values; value++) {
            for (int choice = 0; choice < k; choice++) {
                int drawn = random.nextInt(choice, numExperts);
                int expert = deck[drawn];
                deck[drawn] = deck[choice];
                deck[choice] = expert;
                experts[value * k + choice] = expert;
            }
        }
        return new ExpertTable(numExperts, k, experts);
    }

    /**
     * Builds the balanced-assignment table: values are taken from the most to the least frequent, and each goes to the
     * {@code k} experts with the smallest load so far. Ties are broken by the lower value and the lower expert, so equal
     * counts always give an equal table.
     *
     * <p>No two loads differ by more than {@code max}, the largest single count, so no expert gets more than
     * {@code mean + (1 - 1/E) * max} rows (Graham's bound for list scheduling), with {@code mean = k * total / E}. With
     * {@code k = 1} none gets more than the larger of {@code max} and {@code mean + (1 - 1/E) * c}, where {@code c} is the
     * (E+1)-th largest count. A value with more than {@code k / E} of all tokens cannot be balanced away by any table;
     * {@link #loads} shows it.
     *
     * <p>Our addition: values never counted go to the experts with the fewest values so far. By load alone they would all
     * go to the emptiest expert, which a text with other words than the counted one would flood.
     *
     * @param counts occurrences of each value in the training text, [V], each at least 0; not kept
     * @param numExperts {@code E}, at least 1
     * @param k experts for each value, 1 to {@code E}
     * @throws IllegalArgumentException if a size is out of range or a count is negative
     */
    public static ExpertTable balanced(long[] counts, int numExperts, int k) {
        requireSizes(counts.length, numExperts, k);
        return new ExpertTable(
                numExperts, k, new GreedyBalance(numExperts, k).assign(counts, ValueOrder.falling(counts)));
    }

    /**
     * Builds one of many balanced tables, so that every layer can have its own: the rule of {@link #balanced(long[], int, int)},
     * in a random order among counts of {@code [2^j, 2^(j+1))} and with random ties. In two tables of different salts values
     * share an expert by chance, but for the most frequent ones, which every balanced table keeps apart.
     *
     * <p>Whatever the order, no two loads differ by more than the largest count. With {@code k = 1} no expert gets more than the
     * larger of {@code max} and {@code mean + 2 (1 - 1/E) * c}, in the terms of that rule: little more than there, since
     * {@code c} is small where there are many values.
     *
     * @param counts occurrences of each value in the training text, [V], each at least 0; not kept
     * @param numExperts {@code E}, at least 1
     * @param k experts for each value, 1 to {@code E}
     * @param salt chooses the table; a salt means the same table on every Java release
     * @throws IllegalArgumentException if a size is out of range or a count is negative
     */
    public static ExpertTable balanced(long[] counts, int numExperts, int k, long salt) {
        requireSizes(counts.length, numExperts, k);
        var random = new SplittableRandom(salt);
        int[] label = IntStream.range(0, numExperts).toArray();
        ValueOrder.shuffle(label, 0, numExperts, random);
        int[] experts = new GreedyBalance(numExperts, k).assign(counts, ValueOrder.nearlyFalling(counts, random));
        Arrays.setAll(experts, i -> label[experts[i]]);
        return new ExpertTable(numExperts, k, experts);
    }

    /**
     * Gives every cluster of values an expert of its own: tokens that are alike share one. The clusters are those of k-means over
     * the token embeddings of a trained model, as many as experts.
     *
     * @param clusterOfValue cluster of each value, [V], each in {@code [0, E)}; copied
     * @throws IllegalArgumentException if a size or a cluster is out of range
     */
    public static ExpertTable clustered(int[] clusterOfValue, int numExperts) {
        return of(numExperts, 1, clusterOfValue);
    }

    /**
     * Spreads every cluster of values over all experts: tokens that are alike are kept apart. The paper gives no rule; ours takes
     * the clusters one after the other, the one with the most frequent value first, and in a cluster the values from the most to
     * the least frequent. Each goes to the expert with the smallest load among those that have the fewest values of this
     * cluster.
     *
     * <p>So the numbers of values of one cluster on two experts differ by 1 at most, and no two loads differ by more than the
     * largest count, as with {@link #balanced(long[], int, int)}. Values never counted go, among those experts, to the one with
     * the fewest values. Ties are broken by the fewer values and the lower expert.
     *
     * @param clusterOfValue cluster of each value, [V], any numbers; not kept
     * @param counts occurrences of each value in the training text, [V], each at least 0; not kept
     * @throws IllegalArgumentException if a size is out of range, the lengths differ or a count is negative
     */
    public static ExpertTable dispersed(int[] clusterOfValue, long[] counts, int numExperts) {
        requireSizes(counts.length, numExperts, 1);
        if (clusterOfValue.length != counts.length) {
            throw new IllegalArgumentException(
                    "clusters of " + clusterOfValue.length + " values and counts of " + counts.length);
        }
        return new ExpertTable(numExperts, 1, new Dispersion(clusterOfValue, counts, numExperts).assign());
    }

    /**
     * Deals experts out in turn: choice {@code j} of a value is {@code (value + j) mod E}.
     *
     * @throws IllegalArgumentException if a size is out of range
     */
    public static ExpertTable modulo(int values, int numExperts, int k) {
        requireSizes(values, numExperts, k);
        int[] experts = IntStream.range(0, values * k)
                .map(i -> (i / k + i % k) % numExperts)
                .toArray();
        return new ExpertTable(numExperts, k, experts);
    }

    /**
     * Completes a table that has experts for some values, such as those that a learned router was seen to route. The others are
     * dealt out by the rule of {@link #balanced(long[], int, int)} on top of the loads of the first: from the most to the least
     * frequent to the {@code k} experts with the smallest load so far, and values never counted to those with the fewest values.
     *
     * @param experts expert of each value and choice, [V, k] row-major, -1 for all of a value that has none; not kept
     * @param counts occurrences of each value in the training text, [V], each at least 0; not kept
     * @throws IllegalArgumentException if a size or an expert is out of range, a value has an expert twice or only some, or the
     *     lengths differ
     */
    public static ExpertTable completed(int[] experts, long[] counts, int numExperts, int k) {
        requireSizes(counts.length, numExperts, k);
        if (experts.length != counts.length * k) {
            throw new IllegalArgumentException(
                    experts.length + " entries are not " + k + " experts for each of " + counts.length + " values");
        }
        for (int i = 0; i < experts.length; i++) {
            if (experts[i] >= numExperts || (experts[i] < 0) != (experts[i - i % k] < 0)) {
                throw new IllegalArgumentException("value %d has expert %d as choice %d of %d; there are %d experts"
                        .formatted(i / k, experts[i], i % k, k, numExperts));
            }
        }
        int[] all = experts.clone();
        new GreedyBalance(numExperts, k).complete(counts, ValueOrder.falling(counts), all);
        return of(numExperts, k, all); // which refuses what the first had wrong
    }

    /**
     * Takes a table made elsewhere, in the layout known as {@code tid2eid}.
     *
     * @param experts expert of each value and choice, [V, k] row-major; copied
     * @throws IllegalArgumentException if a size or an expert is out of range, or a value has an expert twice
     */
    public static ExpertTable of(int numExperts, int k, int[] experts) {
        if (k < 1 || experts.length % k != 0) {
            throw new IllegalArgumentException(
                    experts.length + " entries cannot be " + k + " experts for each value of a table");
        }
        requireSizes(experts.length / k, numExperts, k);
        var table = new ExpertTable(numExperts, k, experts.clone());
        for (int value = 0; value < table.values(); value++) {
            table.requireDistinctExperts(value);
        }
        return table;
    }

    /** Returns {@code V}. */
    public int values() {
        return experts.length / expertsPerToken;
    }

    /** Returns {@code E}. */
    public int numExperts() {
        return numExperts;
    }

    /** Returns {@code k}. */
    public int expertsPerToken() {
        return expertsPerToken;
    }

    /**
     * Returns one expert of a value.
     *
     * @throws IndexOutOfBoundsException if {@code value} is not in {@code [0, V)} or {@code choice} not in {@code [0, k)}
     */
    public int expert(int value, int choice) {
        Objects.checkIndex(choice, expertsPerToken);
        return experts[Objects.checkIndex(value, values()) * expertsPerToken + choice];
    }

    /** Returns the expert of each value and choice, [V, k] row-major; the caller owns the copy. */
    public int[] toTid2eid() {
        return experts.clone();
    }

    /**
     * Returns the rows that each expert gets from a text; a token counts once for each of its {@code k} experts.
     *
     * @param counts occurrences of each value, [V]
     * @return rows of each expert, [E]
     * @throws IllegalArgumentException if {@code counts} is not of length {@code V}
     */
    public long[] loads(long[] counts) {
        if (counts.length != values()) {
            throw new IllegalArgumentException(
                    counts.length + " counts for a table of " + values() + " values; there must be one for each");
        }
        var loads = new long[numExperts];
        for (int i = 0; i < experts.length; i++) {
            loads[experts[i]] = Math.addExact(loads[experts[i]], counts[i / expertsPerToken]);
        }
        return loads;
    }

    /** Returns a digest of {@code E}, {@code k} and all entries; takes time linear in their number. */
    public String digest() {
        return new ContentDigest().add(numExperts, expertsPerToken).add(experts).finish();
    }

    /** Writes the format of {@link ExpertTableFile}. Does not close the stream. */
    public void write(OutputStream out) throws IOException {
        ExpertTableFile.write(this, out);
    }

    /**
     * Reads what {@link #write} wrote, to the end of the stream. Does not close it.
     *
     * @param nameForErrors where the stream comes from, for messages
     * @throws io.hashlayers.sharding.TrainingException of kind {@code DATA} if it is anything else than one whole table
     */
    public static ExpertTable read(InputStream in, String nameForErrors) throws IOException {
        return ExpertTableFile.read(in, nameForErrors);
    }

    /** Copies the experts of a value, in {@code [0, V)}, to {@code out[offset ..]}. */
    void copyExperts(int value, int[] out, int offset) {
        System.arraycopy(experts, value * expertsPerToken, out, offset, expertsPerToken);
    }

    private void requireDistinctExperts(int value) {
        for (int choice = 0; choice < expertsPerToken; choice++) {
            int expert = expert(value, choice);
            if (expert < 0 || expert >= numExperts) {
                throw new IllegalArgumentException(
                        "expert " + expert + " of value " + value + " is not one of 0 to " + (numExperts - 1));
            }
            for (int other = 0; other < choice; other++) {
                if (expert == expert(value, other)) {
                    throw new IllegalArgumentException("value " + value + " has expert " + expert + " twice");
                }
            }
        }
    }

    private static void requireSizes(int values, int numExperts, int k) {
        if (values < 1 || numExperts < 1 || k < 1 || k > numExperts || (long) values * k > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    ("%d values, %d experts, %d for each value: there must be at least 1 value "
                                    + "and 1 expert, 1 to all experts for each value, and at most %d entries")
                            .formatted(values, numExperts, k, MAX_ENTRIES));
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ExpertTable that
                && numExperts == that.numExperts
                && expertsPerToken == that.expertsPerToken
                && Arrays.equals(experts, that.experts);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * numExperts + expertsPerToken) + Arrays.hashCode(experts);
    }

    @Override
    public String toString() {
        return "ExpertTable[V=" + values() + ", E=" + numExperts + ", k=" + expertsPerToken + "]";
    }
}
