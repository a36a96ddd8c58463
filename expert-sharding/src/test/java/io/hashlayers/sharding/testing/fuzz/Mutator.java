package io.hashlayers.sharding.testing.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Changes an input in a few places, as damage, truncation and malice do; the same for the same random numbers. */
final class Mutator {
    private static final int MOST_CHANGES = 6;
    private static final int MOST_BYTES = 1 << 20;

    private static final long[] BOUNDARIES = {
        0,
        1,
        -1,
        2,
        7,
        8,
        255,
        256,
        Short.MAX_VALUE,
        65_535,
        65_536,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        1L << 31,
        1L << 32,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        100_000_000
    };

    private static final List<String> TEXTS = List.of(
            "0",
            "-1",
            "1e308",
            "1e999",
            "2147483647",
            "2147483648",
            "-2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "1.5",
            "null",
            "true",
            "\"\"",
            "{}",
            "[]",
            "[[[[[[[[",
            "{\"a\":{\"a\":{\"a\":",
            "\"\\ud800\"",
            "NaN",
            "..",
            "/",
            ":",
            "${a}",
            "include file(\"/etc/hostname\")",
            "\u0000",
            "\n");

    private static final String STRUCTURE = "{}[]\",:\\0123456789-.eE \n";

    private final SplittableRandom random;
    private final List<byte[]> samples;

    Mutator(SplittableRandom random, List<byte[]> samples) {
        this.random = random;
        this.samples = samples;
    }

    byte[] next() {
        byte[] input = samples.get(random.nextInt(samples.size())).clone();
        int changes = 1 + random.nextInt(MOST_CHANGES);
        for (int i = 0; i < changes; i++) {
            input = change(input);
        }
        return input.length > MOST_BYTES ? Arrays.copyOf(input, MOST_BYTES) : input;
    }

    private byte[] change(byte[] input) {
        if (input.length == 0) {
            return bytes(1 + random.nextInt(16));
        }
        return switch (random.nextInt(11)) {
            case 0, 1 -> flipped(input);
            case 2 -> Arrays.copyOf(input, random.nextInt(input.length));
            case 3 -> spliced(input, input.length, bytes(1 + random.nextInt(64)), 0);
            case 4, 5 -> boundary(input);
            case 6 -> crossed(input);
            case 7 -> removed(input);
            case 8 -> repeated(input);
            case 9 -> digit(input);
            default -> text(input);
        };
    }

    private byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] flippedAt(byte[] input, int position, int bit) {
        input[position] ^= (byte) (1 << bit);
        return input;
    }

    private byte[] flipped(byte[] input) {
        return flippedAt(input, random.nextInt(input.length), random.nextInt(Byte.SIZE));
    }

    /** A whole number at the end of some range, at an aligned position, of either byte order. */
    private byte[] boundary(byte[] input) {
        int width = 1 << random.nextInt(4);
        if (input.length < width) {
            return flipped(input);
        }
        long value = BOUNDARIES[random.nextInt(BOUNDARIES.length)];
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES)
                .order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                .putLong(value);
        int from = number.order() == ByteOrder.LITTLE_ENDIAN ? 0 : Long.BYTES - width;
        int position = random.nextInt(input.length / width) * width;
        System.arraycopy(number.array(), from, input, position, width);
        return input;
    }

    /** The beginning of this one, and the end of another. */
    private byte[] crossed(byte[] input) {
        byte[] other = samples.get(random.nextInt(samples.size()));
        int start = random.nextInt(input.length + 1);
        int end = random.nextInt(other.length + 1);
        return spliced(Arrays.copyOf(input, start), start, Arrays.copyOfRange(other, end, other.length), 0);
    }

    private byte[] removed(byte[] input) {
        int from = random.nextInt(input.length);
        int count = Math.min(input.length - from, 1 + random.nextInt(32));
        return spliced(input, from, new byte[0], count);
    }

    private byte[] repeated(byte[] input) {
        int from = random.nextInt(input.length);
        int to = Math.min(input.length, from + 1 + random.nextInt(64));
        return spliced(input, from, Arrays.copyOfRange(input, from, to), 0);
    }

    /** Another digit, or what JSON is made of, in place of such. */
    private byte[] digit(byte[] input) {
        int start = random.nextInt(input.length);
        for (int i = 0; i < input.length; i++) {
            int position = (start + i) % input.length;
            if (STRUCTURE.indexOf(input[position]) >= 0) {
                input[position] = (byte) STRUCTURE.charAt(random.nextInt(STRUCTURE.length()));
                return input;
            }
        }
        return flipped(input);
    }

    /** A text that is hard to read, in place of a number or a word. */
    private byte[] text(byte[] input) {
        byte[] text = TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
        int start = random.nextInt(input.length);
        while (start > 0 && Character.isLetterOrDigit(input[start - 1])) {
            start--;
        }
        int end = start;
        while (end < input.length && Character.isLetterOrDigit(input[end])) {
            end++;
        }
        return spliced(input, start, text, random.nextBoolean() ? end - start : 0);
    }

    private static byte[] spliced(byte[] input, int at, byte[] inserted, int replaced) {
        byte[] result = Arrays.copyOf(input, input.length + inserted.length - replaced);
        System.arraycopy(inserted, 0, result, at, inserted.length);
        System.arraycopy(input, at + replaced, result, at + inserted.length, input.length - at - replaced);
        return result;
    }
}
