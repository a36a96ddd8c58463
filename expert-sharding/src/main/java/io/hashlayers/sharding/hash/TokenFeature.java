package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What of a row is hashed: a whole number computed from token ids alone, so that it is known before the forward pass. The
 * features are those of Hash Layers, arXiv 2106.04426.
 *
 * <p>Implementations are stateless and safe to share between threads.
 */
public interface TokenFeature extends Serializable {
    /** The token's own id, {@code x_t}. */
    TokenFeature CURRENT_TOKEN = new CurrentToken();

    /** The id of the token before, {@code x_{t-1}}. */
    TokenFeature PREVIOUS_TOKEN = new PreviousToken();

    /** A mix of {@code (x_{t-1}, x_t)}. */
    TokenFeature BIGRAM = new Bigram();

    /** The position {@code t} in the sequence. */
    TokenFeature POSITION = new Position();

    /** The token to be predicted, {@code x_{t+1}}: leaks. */
    TokenFeature ORACLE_NEXT = new OracleNext();

    /** What a trained model predicts for {@code x_{t+1}}. */
    TokenFeature PREDICTED_NEXT = new PredictedNext();

    /** Name in configurations, checkpoints and reports. */
    String name();

    /**
     * Returns {@code V}: values are in {@code [0, V)} when token ids are in {@code [0, vocabularySize)}.
     *
     * @param sequenceLength {@code S}
     */
    int size(int vocabularySize, int sequenceLength);

    /**
     * Returns the value of one row.
     *
     * @param rows of the batch; not changed
     * @param index of the row
     */
    int valueAt(TokenRows rows, int index);

    // The next two are no default methods: with those, initializing a feature's class initializes this interface, whose
    // constants initialize the features' classes, and two threads that begin at different ends wait for each other.

    /**
     * Whether the value gives away what the model has to predict: such a feature is for training and evaluation alone, and
     * generation must refuse it, since there is no next token yet.
     */
    boolean leaks();

    /** Whether the value needs {@link TokenRows#predicted}. */
    boolean needsPrediction();

    /**
     * Returns the feature with this name.
     *
     * @throws TrainingException of kind {@code USER} if there is none
     */
    static TokenFeature named(String name) {
        return find(name)
                .orElseThrow(() -> new TrainingException(
                        Failure.USER,
                        "moe.feature is \"" + name + "\"; set it to one of "
                                + all().stream().map(TokenFeature::name).collect(Collectors.joining(", "))));
    }

    /** The feature with this name, if there is one. */
    static Optional<TokenFeature> find(String name) {
        return all().stream().filter(feature -> feature.name().equals(name)).findFirst();
    }

    private static List<TokenFeature> all() {
        return List.of(CURRENT_TOKEN, PREVIOUS_TOKEN, BIGRAM, POSITION, ORACLE_NEXT, PREDICTED_NEXT);
    }
}
