package io.hashlayers.driver.prepare;

import io.hashlayers.worker.data.Sha256;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tokenizers that the tasks of this JVM hand from one to the next, since loading one takes as long as encoding megabytes and
 * it remembers the words that it has met. There are never more than tasks ran at once.
 */
final class TokenizerPool {
    private static final Map<String, Deque<TextTokenizer>> IDLE = new HashMap<>(); // by digest; guarded by itself

    private TokenizerPool() {}

    /** An idle tokenizer of a file, or a new one; it is the caller's until it is given back. */
    static TextTokenizer take(byte[] json) {
        synchronized (IDLE) {
            Deque<TextTokenizer> idle = IDLE.get(Sha256.of(json));
            if (idle != null && !idle.isEmpty()) {
                return idle.pop();
            }
        }
        return TextTokenizer.of(json);
    }

    static void giveBack(TextTokenizer tokenizer) {
        synchronized (IDLE) {
            IDLE.computeIfAbsent(tokenizer.digest(), digest -> new ArrayDeque<>())
                    .push(tokenizer);
        }
    }

    /** Closes those of a file that are idle. */
    static void close(byte[] json) {
        List<TextTokenizer> idle = new ArrayList<>();
        synchronized (IDLE) {
            Deque<TextTokenizer> removed = IDLE.remove(Sha256.of(json));
            if (removed != null) {
                idle.addAll(removed);
            }
        }
        idle.forEach(TextTokenizer::close);
    }
}
