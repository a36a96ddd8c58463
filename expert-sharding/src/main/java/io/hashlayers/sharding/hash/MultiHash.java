package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.ContentDigest;
import java.util.List;

/**
 * {@code N} hashes of one token, each of which chooses one segment of its feed-forward network: MultiHash of Hash Layers, arXiv
 * 2106.04426.
 *
 * <p>The layers {@code A [D, H]} and {@code B [H, D]} of every expert are cut into {@code N} segments. With
 * {@code e_m = hash_m(x)} a token is given {@code v = relu([A_{1, e_1} h, ..., A_{N, e_N} h])} and
 * {@code [B_{1, e_1} v, ..., B_{N, e_N} v]}: parameters and operations of one hash. (How the
 * matrices are cut is our reading of the paper.) Segment {@code m} of expert {@code e} is the
 * unit {@code e N + m}; choice {@code m} of a row is always a segment {@code m}. With {@code N = 1}, or {@code N} equal hashes,
 * it is the plain hash layer.
 *
 * @param parts {@code N} hashes, each with one expert for each value, of the same number of experts
 */
public record MultiHash(List<TokenHash> parts) implements ExpertHash {
    /**
     * Takes hashes as they are.
     *
     * @throws IllegalArgumentException if there is none, they differ in their number of experts, or one has more than one
     *     expert for a value
     */
    public MultiHash {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("no hash; there must be one for each segment");
        }
        for (TokenHash part : parts) {
            if (part.choices() != 1 || part.numExperts() != parts.get(0).numExperts()) {
                throw new IllegalArgumentException(
                        "hash %d of %d has %d experts, %d for each value; it must have %d and 1"
                                .formatted(
                                        parts.indexOf(part),
                                        parts.size(),
                                        part.numExperts(),
                                        part.choices(),
                                        parts.get(0).numExperts()));
            }
        }
    }

    @Override
    public int numExperts() {
        return parts.get(0).numExperts();
    }

    @Override
    public int unitsPerExpert() {
        return parts.size();
    }

    @Override
    public int choices() {
        return parts.size();
    }

    @Override
    public void requireVocabulary(int vocabularySize, int sequenceLength) {
        parts.forEach(part -> part.requireVocabulary(vocabularySize, sequenceLength));
    }

    @Override
    public void expertsOf(TokenRows batch, int rows, int[] units) {
        int n = parts.size();
        TokenHash.requireLength(units.length, (long) rows * n, "units");
        for (int segment = 0; segment < n; segment++) {
            TokenHash part = parts.get(segment);
            part.requireReadable(batch, rows);
            for (int row = 0; row < rows; row++) {
                units[row * n + segment] = unit(part, segment, batch, row);
            }
        }
    }

    @Override
    public void countRows(TokenRows batch, int rows, int[] counts) {
        TokenHash.requireLength(counts.length, units(), "counts");
        for (int segment = 0; segment < parts.size(); segment++) {
            TokenHash part = parts.get(segment);
            part.requireReadable(batch, rows);
            for (int row = 0; row < rows; row++) {
                counts[unit(part, segment, batch, row)]++;
            }
        }
    }

    private int unit(TokenHash part, int segment, TokenRows batch, int row) {
        return part.table().expert(part.valueAt(batch, row), 0) * parts.size() + segment;
    }

    @Override
    public long[] loads(long[][] counts) {
        int n = parts.size();
        if (counts.length != n) {
            throw new IllegalArgumentException("counts of " + counts.length + " tables, there are " + n);
        }
        var loads = new long[units()];
        for (int segment = 0; segment < n; segment++) {
            long[] ofExperts = parts.get(segment).table().loads(counts[segment]);
            for (int expert = 0; expert < ofExperts.length; expert++) {
                loads[expert * n + segment] = ofExperts[expert];
            }
        }
        return loads;
    }

    @Override
    public String digest() {
        ContentDigest digest = new ContentDigest().add(parts.size());
        parts.forEach(part -> part.addTo(digest));
        return digest.finish();
    }
}
