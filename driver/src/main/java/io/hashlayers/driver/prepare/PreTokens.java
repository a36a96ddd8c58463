package io.hashlayers.driver.prepare;

import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts text where GPT-2 does, as Hugging Face's ByteLevel pre-tokenizer: merges never cross these borders. */
final class PreTokens {
    private static final String SPACE = "\\p{IsWhite_Space}";
    private static final Pattern GPT2 = Pattern.compile("'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^" + SPACE
            + "\\p{L}\\p{N}]+|" + SPACE + "+(?![^" + SPACE + "])|" + SPACE + "+");

    private PreTokens() {}

    static void forEach(String text, Consumer<String> pieces) {
        Matcher matcher = GPT2.matcher(text);
        while (matcher.find()) {
            pieces.accept(matcher.group());
        }
    }
}
