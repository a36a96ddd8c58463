package io.hashlayers.driver.cli;

import io.hashlayers.driver.prepare.TextTokenizer;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.checkpoint.CheckpointReader;
import io.hashlayers.worker.train.Generator;
import java.util.Arrays;

/** Continues texts: a generator of tokens with the tokenizer that it was trained with. */
final class TextContinuation {
    private final Generator generator;
    private final TextTokenizer tokenizer;

    private TextContinuation(Generator generator, TextTokenizer tokenizer) {
        this.generator = generator;
        this.tokenizer = tokenizer;
    }

    /**
     * Loads the model.
     *
     * @param tokenizer kept open by the caller
     * @throws TrainingException of kind {@code DATA} if the model was trained with another tokenizer
     */
    static TextContinuation load(CheckpointReader checkpoint, TextTokenizer tokenizer) {
        String expected = checkpoint.manifest().digests().get("tokenizer");
        if (!tokenizer.digest().equals(expected)) {
            throw new TrainingException(
                    Failure.DATA,
                    "the model was trained with the tokenizer %s, this one is %s; name the dataset of the run with --data"
                            .formatted(expected, tokenizer.digest()));
        }
        return new TextContinuation(Generator.load(checkpoint, "auto"), tokenizer);
    }

    /**
     * The prompt and what the model adds; for the parameters see {@link Generator#generate}.
     *
     * @throws TrainingException of kind {@code USER} if the prompt has no token
     */
    String of(String prompt, int tokens, double temperature, int topK, long seed) {
        int[] start = tokenizer.encode(prompt);
        if (start.length == 0) {
            throw new TrainingException(Failure.USER, "the prompt is empty; give some text to continue");
        }
        int endOfText = tokenizer.endOfText();
        int[] added = generator.generate(start, tokens, temperature, topK, seed, token -> token == endOfText);
        int[] shown = Arrays.stream(added).filter(token -> token != endOfText).toArray();
        return prompt + tokenizer.decode(shown);
    }
}
