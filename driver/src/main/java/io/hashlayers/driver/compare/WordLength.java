package io.hashlayers.driver.compare;

import io.hashlayers.driver.prepare.TextTokenizer;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.DatasetFiles;
import io.hashlayers.worker.data.DatasetManifest;
import io.hashlayers.worker.data.TokenDataset;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * How many tokens a word has, which turns a loss per token into a perplexity per word. Words lie between white space; the end of
 * a document counts as one, as the end of a line does in the usual counts of WikiText-2.
 */
final class WordLength {
    private static final int ROW = 1024;

    private final int[] starts; // words that begin inside each token, after its first character
    private final boolean[] startsInside; // whether its first character is part of a word
    private final boolean[] endsInside;
    private final int endOfText;
    private long tokens;
    private long words;
    private boolean inside;

    private WordLength(int vocabularySize, int endOfText) {
        starts = new int[vocabularySize];
        startsInside = new boolean[vocabularySize];
        endsInside = new boolean[vocabularySize];
        this.endOfText = endOfText;
    }

    /**
     * Tokens per word of the validation split.
     *
     * @return empty if the dataset holds no dictionary, or no word
     */
    static OptionalDouble ofValidation(Configuration hadoop, String datasetDir) {
        try {
            if (!Folder.of(hadoop, datasetDir).exists(DatasetFiles.TOKENIZER)) {
                return OptionalDouble.empty();
            }
            DatasetManifest manifest = DatasetManifest.read(hadoop, new Path(datasetDir));
            var length = new WordLength(manifest.vocabularySize(), manifest.endOfText());
            try (TextTokenizer tokenizer = TextTokenizer.load(hadoop, datasetDir)) {
                for (int token = 0; token < manifest.vocabularySize(); token++) {
                    length.learn(token, tokenizer.decode(new int[] {token}));
                }
            }
            long inSplit = manifest.split(DatasetFiles.VALID).tokens();
            length.count(hadoop, datasetDir, (int) Math.max(1, Math.min(ROW, inSplit - 1)));
            return length.words == 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of((double) length.tokens / length.words);
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.DATA, datasetDir + " cannot be read: " + e.getMessage() + "; check the storage", e);
        }
    }

    private void learn(int token, String text) {
        boolean within = false;
        for (int i = 0; i < text.length(); i++) {
            boolean letter = !Character.isWhitespace(text.charAt(i));
            startsInside[token] |= i == 0 && letter;
            starts[token] += i > 0 && letter && !within ? 1 : 0;
            within = letter;
        }
        endsInside[token] = within;
    }

    private void count(Configuration hadoop, String datasetDir, int rowLength) throws IOException {
        int[] row = new int[rowLength];
        int[] targets = new int[rowLength];
        try (TokenDataset split = TokenDataset.open(hadoop, datasetDir, DatasetFiles.VALID, rowLength)) {
            for (long number = 0; number < split.rows(); number++) {
                split.readRow(number, row, targets, 0);
                for (int token : row) {
                    add(token);
                }
            }
        }
    }

    private void add(int token) {
        tokens++;
        if (token == endOfText) {
            words++;
            inside = false;
        } else {
            words += starts[token] + (startsInside[token] && !inside ? 1 : 0);
            inside = endsInside[token];
        }
    }
}
