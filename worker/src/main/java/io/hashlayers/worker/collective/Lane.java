package io.hashlayers.worker.collective;

/**
 * The buffers that the operations of some kinds take in turn, at both ends of a link and in both directions.
 *
 * <p>A lane of depth {@code d} has {@code 2 d} buffers. That is enough, and no message needs an answer: a rank begins the lane's
 * operation {@code m + 2 d} only after it has finished {@code m + d}, for which it received the peer's message; the peer began
 * that after it had finished {@code m}, so it has long taken our message {@code m}, whose buffer is used again.
 */
enum Lane {
    /** Operations that are finished as soon as they are begun. Their messages may be large. */
    AT_ONCE(1),
    /** Operations of which several may be under way. */
    OVERLAPPING(Collective.WINDOW);

    /** Buffers of all lanes. */
    static final int BUFFERS = 2 * (1 + Collective.WINDOW);

    private final int depth;

    Lane(int depth) {
        this.depth = depth;
    }

    /** Buffers of this lane. */
    int buffers() {
        return 2 * depth;
    }

    /** The buffer, of those of all lanes, that the lane's operation of this number takes. */
    int buffer(long number) {
        int first = this == AT_ONCE ? 0 : AT_ONCE.buffers();
        return first + (int) (number % buffers());
    }
}
