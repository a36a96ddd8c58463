package io.hashlayers.driver.prepare;

import java.util.function.Consumer;

/**
 * Cuts text where GPT-2 does, as Hugging Face's ByteLevel pre-tokenizer: merges never cross these borders.
 *
 * <p>As a regular expression: {@code '(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}, in which
 * {@code \s} is Unicode's White_Space. A piece that is cut again stays whole.
 */
final class PreTokens {
    private static final byte OTHER = 0;
    private static final byte LETTER = 1;
    private static final byte NUMBER = 2;
    private static final byte SPACE = 3;
    private static final byte UNKNOWN = 4; // of no kind in Java's Unicode; cut as OTHER

    private static final byte[] KIND = new byte[Character.MIN_SUPPLEMENTARY_CODE_POINT];

    static {
        for (int character = 0; character < KIND.length; character++) {
            KIND[character] = kind(character);
        }
    }

    private PreTokens() {}

    static void forEach(String text, Consumer<String> pieces) {
        for (int start = 0, end; start < text.length(); start = end) {
            end = end(text, start);
            pieces.accept(text.substring(start, end));
        }
    }

    /** Where the piece ends that begins at an index below the text's length. */
    static int end(String text, int start) {
        char first = text.charAt(start);
        if (first == '\'') {
            int letters = contraction(text, start + 1);
            if (letters > 0) {
                return start + 1 + letters;
            }
        }
        boolean joined = first == ' ' && start + 1 < text.length() && kindAt(text, start + 1) != SPACE;
        int begin = joined ? start + 1 : start;
        byte kind = kindAt(text, begin);
        int end = begin;
        do {
            end += Character.charCount(text.codePointAt(end));
        } while (end < text.length() && kindAt(text, end) == kind);
        boolean leavesOneSpace = kind == SPACE && end < text.length() && end - start > 1; // no space is a pair of chars
        return leavesOneSpace ? end - 1 : end;
    }

    /** Length of s, d, m, t, ll, ve or re, else 0. */
    private static int contraction(String text, int at) {
        if (at == text.length()) {
            return 0;
        }
        return switch (text.charAt(at)) {
            case 's', 'd', 'm', 't' -> 1;
            case 'l' -> text.startsWith("l", at + 1) ? 2 : 0;
            case 'v', 'r' -> text.startsWith("e", at + 1) ? 2 : 0;
            default -> 0;
        };
    }

    /** Whether every Unicode of Java's or later cuts the text like this: all characters are assigned. */
    static boolean certain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (Character.isHighSurrogate(character)) {
                if (kind(text.codePointAt(i++)) == UNKNOWN) {
                    return false;
                }
            } else if (KIND[character] == UNKNOWN) {
                return false;
            }
        }
        return true;
    }

    private static byte kindAt(String text, int at) {
        char character = text.charAt(at);
        byte kind = Character.isHighSurrogate(character) ? kind(text.codePointAt(at)) : KIND[character];
        return kind == UNKNOWN ? OTHER : kind;
    }

    private static byte kind(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.UPPERCASE_LETTER,
                    Character.LOWERCASE_LETTER,
                    Character.TITLECASE_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.OTHER_LETTER -> LETTER;
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> NUMBER;
            case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> SPACE;
            case Character.UNASSIGNED, Character.SURROGATE -> UNKNOWN;
            default -> (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85 ? SPACE : OTHER;
        };
    }
}
