package io.hashlayers.worker.data;

/** How a token id is stored: little-endian, unsigned 16 bits where the vocabulary allows it, else 32 bits. */
public enum TokenWidth {
    UINT16(Short.BYTES),
    INT32(Integer.BYTES);

    private static final int UINT16_VALUES = 1 << Short.SIZE;

    private final int bytes;

    TokenWidth(int bytes) {
        this.bytes = bytes;
    }

    /** The width of every shard of a dataset with this vocabulary. */
    public static TokenWidth of(int vocabularySize) {
        return vocabularySize <= UINT16_VALUES ? UINT16 : INT32;
    }

    /** Bytes per token. */
    public int bytes() {
        return bytes;
    }
}
