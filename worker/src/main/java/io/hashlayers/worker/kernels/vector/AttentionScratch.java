package io.hashlayers.worker.kernels.vector;

/**
 * What attention computes with, for one length of a sequence and one width of a head: one head of one sequence, and the scores
 * of one block of its queries.
 */
final class AttentionScratch {
    final SlicedMatrix q; // [block, width], scaled
    final SlicedMatrix k; // [length, width]
    final SlicedMatrix v; // [length, width]
    final SlicedMatrix o; // [block, width]; in the backward pass the gradient of q
    final SlicedMatrix dout; // [block, width]
    final SlicedMatrix dk; // [length, width]
    final SlicedMatrix dv; // [length, width]
    final SlicedMatrix kTransposed;
    final SlicedMatrix vTransposed;
    final SlicedMatrix p; // [block, length]: scores, then probabilities
    final SlicedMatrix dp; // [block, length]: the gradient of p, then of the scores
    private final int length;
    private final int width;

    AttentionScratch(int block, int length, int width) {
        this.length = length;
        this.width = width;
        this.q = new SlicedMatrix(block, width);
        this.k = new SlicedMatrix(length, width);
        this.v = new SlicedMatrix(length, width);
        this.o = new SlicedMatrix(block, width);
        this.dout = new SlicedMatrix(block, width);
        this.dk = new SlicedMatrix(length, width);
        this.dv = new SlicedMatrix(length, width);
        this.kTransposed = new SlicedMatrix(width, length);
        this.vTransposed = new SlicedMatrix(width, length);
        this.p = new SlicedMatrix(block, length);
        this.dp = new SlicedMatrix(block, length);
    }

    boolean fits(int otherLength, int otherWidth) {
        return length == otherLength && width == otherWidth;
    }
}
