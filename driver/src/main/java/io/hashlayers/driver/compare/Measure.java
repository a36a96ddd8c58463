package io.hashlayers.driver.compare;

import java.util.Locale;

/** A number of a finished run. In results its column has the constant's name in lower case. */
public enum Measure {
    VALID_LOSS("validation loss", "nats per token, of the last step", 4),
    VALID_PERPLEXITY("validation perplexity", "per token, of the last step", 2),
    BITS_PER_BYTE("bits per byte", "of validation text; compares dictionaries", 4),
    WORD_PERPLEXITY(
            "perplexity per word", "of validation text, words apart by white space, ends of documents counted", 1),
    UNIGRAM_PERPLEXITY("unigram perplexity", "of validation text, if tokens came by their frequency alone", 1),
    PARAMETERS("parameters", "of the whole model", 0),
    ACTIVE_PARAMETERS("active parameters", "weights that a token is multiplied with", 0),
    TOKENS("tokens", "trained on", 0),
    TOKENS_PER_SECOND("tokens/s", "all ranks together, median of the steps", 0),
    STEPS_PER_SECOND("steps/s", "median of the steps", 3),
    TRAINING_SECONDS("training time", "seconds, at the median speed, without evaluations", 1),
    EXCHANGED_BYTES("exchanged bytes", "between ranks for experts, in a step", 0),
    MAX_VIO("MaxVio", "rows of the busiest expert over the mean, minus 1, mean of all steps", 3),
    LOAD_ENTROPY("load entropy", "of the experts' shares, 1 is even, 0 one expert alone", 3),
    DROPPED_SHARE("dropped", "share of choices beyond the capacity, mean of the last tenth of the run", 4),
    GATE_MEAN("gate", "mean weight of an expert's output, last tenth of the run", 3),
    BALANCE_LOSS("balance loss", "without its weight, 1 is uniform, last tenth of the run", 4),
    ASSIGNMENT_ROUNDS("assignment rounds", "of the auction, mean of the last tenth of the run", 1),
    CHANGED_SHARE(
            "changed expert", "share of tokens with another expert than at the evaluation before, the last one", 4),
    GRADIENT_SPIKES("gradient spikes", "steps of the second half with more than twice the median norm around them", 1),
    LARGEST_GRADIENT_SPIKE(
            "largest gradient spike", "norm over the median of the steps around it, at most in the second half", 2),
    LATE_LOSS_DEVIATION("late loss deviation", "of the training loss around its line in the last quarter", 4);

    private static final double LARGE = 10_000; // from here on decimals tell nothing

    private final String title;
    private final String meaning;
    private final int decimals;

    Measure(String title, String meaning, int decimals) {
        this.title = title;
        this.meaning = meaning;
        this.decimals = decimals;
    }

    /** A few words, for headings. */
    public String title() {
        return title;
    }

    /** Unit and definition. */
    public String meaning() {
        return meaning;
    }

    /** Name of its column in results. */
    public String column() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The value with as many decimals as are worth reading. */
    public String format(double value) {
        boolean large = decimals > 0 && Math.abs(value) >= LARGE;
        return String.format(Locale.ROOT, "%,." + (large ? 0 : decimals) + "f", value);
    }
}
