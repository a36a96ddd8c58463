package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.EvaluationSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import scala.Option;

class HashlayersCommandTest {
    private static final int WIDTH = 120;

    private static final int USER = 2;
    private static final int DATA = 3;

    @TempDir
    static Path dir;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final Option<SparkSession> spark = SparkSession.getDefaultSession(); // of another test, if any

    private int run(String... args) {
        return Main.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
    }

    @AfterEach
    void noneOfTheseStartsSpark() {
        assertThat(SparkSession.getDefaultSession()).isEqualTo(spark);
    }

    static Stream<String> commands() {
        return new CommandLine(new HashlayersCommand()).getSubcommands().keySet().stream();
    }

    @Test
    void withoutACommandItSaysWhichThereAre() {
        assertThat(run()).isEqualTo(USER);

        assertThat(err.toString())
                .contains("hashlayers: no command given; it is one of quickstart, prepare, inspect, table, plan,"
                        + " train, distil, compare, evaluate, generate, bench")
                .contains("see hashlayers --help");
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void helpTellsEachCommandAndEachExitStatus() {
        assertThat(run("--help")).isZero();

        assertThat(out.toString())
                .contains("Exit status: 0 done", "70 a fault of the program", "--master", "--verbose");
        assertThat(commands()).isNotEmpty().allSatisfy(command -> assertThat(out.toString())
                .containsPattern("(?m)^  " + command + " "));
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpOfACommandShowsExamplesThatParse(String command) {
        assertThat(run(command, "--help")).isZero();

        String help = out.toString();
        assertThat(help).contains("Usage: hashlayers " + command).containsPattern("Examples?:");
        String[] examples =
                help.substring(help.indexOf("Example")).replace("\\\n", " ").split("\n", -1);
        long shown = Stream.of(examples)
                .map(String::strip)
                .filter(line -> line.startsWith("hashlayers "))
                .peek(HashlayersCommandTest::requireParsable)
                .count();
        assertThat(shown).isPositive();
        assertThat(help.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(WIDTH));
        assertThat(footer(command))
                .as("no line is wrapped, so that examples can be pasted")
                .allSatisfy(line -> assertThat(help).contains(line.stripTrailing() + "\n"));
    }

    private static List<String> footer(String command) {
        CommandLine line =
                new CommandLine(new HashlayersCommand()).getSubcommands().get(command);
        return List.of(Objects.requireNonNull(line, command)
                .getCommandSpec()
                .usageMessage()
                .footer());
    }

    /** An example of a command as a shell would hand it over; what the launcher takes is left out. */
    private static void requireParsable(String example) {
        String[] words = example.replaceFirst("^hashlayers ", "")
                .replaceFirst("--master \\S+ ", "")
                .replaceFirst(" <.*", "")
                .replaceAll("\"[^\"]*\"", "TEXT")
                .split(" +", -1);
        new CommandLine(new HashlayersCommand()).parseArgs(words);
    }

    @Test
    void theVersionIsOneLine() {
        assertThat(run("--version")).isZero();

        assertThat(out.toString().lines()).hasSize(1).allMatch(line -> line.startsWith("hashlayers "));
    }

    static Stream<Arguments> slips() {
        return Stream.of(
                Arguments.of("--frobnicate", "Unknown option: '--frobnicate'"),
                Arguments.of("trian --run r", "trian"),
                Arguments.of("train --data d", "Missing required option: '--run=DIR'"),
                Arguments.of("evaluate", "Missing required option: '--run=DIR'"),
                Arguments.of("generate --prompt a", "Missing required option: '--run=DIR'"),
                Arguments.of("prepare --out o", "Missing required option: '--input=PATH'"),
                Arguments.of("prepare --input i", "Missing required option: '--out=DIR'"),
                Arguments.of("inspect", "Missing required parameter: 'DIR'"),
                Arguments.of("table --data d --out o", "Missing required option: '--experts=E'"),
                Arguments.of("table --data d --out o --experts 0", "--experts is 0; set it to 1 or more"),
                Arguments.of(
                        "table --data d --out o --experts 4 --per-token 5", "--per-token is 5 but --experts only 4"),
                Arguments.of(
                        "table --data d --out o --experts 4 --kind clustered",
                        "--kind is clustered; set it to one of balanced, random, modulo"),
                Arguments.of(
                        "table --data d --out o.safetensors --experts 4 --dtype u8",
                        "--dtype is u8; set it to one of int64, int32"),
                Arguments.of(
                        "table --data d --out o.bin --experts 4 --per-layer 2",
                        "--per-layer is 2 but o.bin holds one table only"),
                Arguments.of(
                        "table --data d --out o.safetensors --experts 4 --per-layer 2 --name t",
                        "all tables would have the name t; put {layer} into it"),
                Arguments.of("table --data d --out / --experts 4", "which is a folder; name a file"),
                Arguments.of("evaluate --run r --step ten", "'ten' is not a long"),
                Arguments.of("train --run", "Missing required parameter for option '--run' (DIR)"),
                Arguments.of("compare", "Missing required option: '--study=FILE'"),
                Arguments.of("compare --study none.conf", "there is no configuration file none.conf"),
                Arguments.of("compare --study ../conf/quickstart.conf", "there is no setting model"),
                Arguments.of("compare --study s.conf --seeds one", "'one' is not a long"),
                Arguments.of("train --run r", "no dataset given; name the folder that prepare wrote with --data DIR"),
                Arguments.of("train --run r --data d -D train.step=5", "did you mean train.steps?"),
                Arguments.of("train --run r --data d -D train.steps", "-D train.steps is not key=value"),
                Arguments.of(
                        "train --run r --data d --from-step 5", "train.from-step is 5 but train.from names no run"),
                Arguments.of("distil --run r", "Missing required option: '--out=FILE'"),
                Arguments.of("bench --conf nowhere.conf", "there is no configuration file nowhere.conf"),
                Arguments.of("bench -D bench.ranks=3", "train.batch-sequences is 8, which 3 ranks cannot share evenly"),
                Arguments.of(
                        "bench -D bench.ranks=4 -D train.accumulate-batches=4",
                        "train.batch-sequences / train.accumulate-batches is 8 / 4 = 2, which 4 ranks cannot share"),
                Arguments.of(
                        "bench -D bench.ranks=4 -D bench.against=[base] -D moe.base.groups=2",
                        "moe.base.groups is 2, which 4 ranks cannot share evenly; change it or bench.ranks"),
                Arguments.of(
                        "bench --json nowhere/b.json", "--json names nowhere/b.json, whose folder cannot be written"),
                Arguments.of("bench -D bench.steps=0", "bench.steps is 0; set it to 1 or more"),
                Arguments.of("generate --run r --tokens 0", "--tokens is 0; set it to 1 or more"),
                Arguments.of("generate --run r --temperature -1", "--temperature is -1.0; set it to 0 or more"),
                Arguments.of("generate --run r --temperature NaN", "--temperature is NaN; set it to 0 or more"),
                Arguments.of("generate --run r --top-k -1", "--top-k is -1; set it to 0 or more"));
    }

    @ParameterizedTest
    @MethodSource("slips")
    void aSlipOfTheUserIsToldInASentence(String command, String sentence) {
        assertThat(run(command.split(" ", -1))).isEqualTo(USER);

        assertThat(err.toString()).startsWith("hashlayers: ").contains(sentence).doesNotContain("\tat ");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"trian, train", "evalute, evaluate", "train --run r --ovewrite, --overwrite"})
    void theNearestNameIsSuggested(String command, String meant) {
        assertThat(run(command.split(" ", -1))).isEqualTo(USER);

        assertThat(err.toString()).contains(meant).containsPattern("(Did you mean|Possible solutions)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evaluate --run %s",
                "generate --run %s --prompt a",
                "distil --run %s --out t",
                "train --from %s --data d --run r"
            })
    void aFolderWithoutACheckpointIsNoRun(String command) {
        assertThat(run(command.formatted(dir).split(" ", -1))).isEqualTo(DATA);

        assertThat(err.toString()).contains(dir + "/checkpoints holds no whole checkpoint");
    }

    @Test
    void aFolderOfSomethingElseCannotBeInspected() {
        assertThat(run("inspect", dir.toString())).isEqualTo(DATA);

        assertThat(err.toString()).contains(dir + " holds neither a dataset (manifest.json) nor a whole checkpoint");
    }

    @Test
    void verboseTellsWhereAFailureComesFrom() throws IOException {
        Path file = Files.writeString(dir.resolve("broken.conf"), "train {");

        assertThat(run("bench", "--conf", file.toString())).isEqualTo(USER);
        assertThat(err.toString()).doesNotContain("\tat ");

        assertThat(run("bench", "--verbose", "--conf", file.toString())).isEqualTo(USER);
        assertThat(err.toString()).contains("\tat io.hashlayers").contains(file + " cannot be read as HOCON");
    }

    @Test
    void anEvaluationTellsTheUnigramPerplexityIfThereIsOne() {
        var known = new EvaluationSummary(8, "test", 12.345, 1.5, OptionalDouble.of(512.34), 2048, 9999.6, 2);
        var unknown = new EvaluationSummary(8, "test", 12.345, 1.5, OptionalDouble.empty(), 2048, 9999.6, 2);

        assertThat(EvaluateCommand.describe(known))
                .isEqualTo("step 8, test split, 2,048 tokens: perplexity 12.35 (unigram 512.3), 1.5000 bits per byte,"
                        + " 10,000 tokens/s on 2 ranks");
        assertThat(EvaluateCommand.describe(unknown))
                .isEqualTo("step 8, test split, 2,048 tokens: perplexity 12.35, 1.5000 bits per byte,"
                        + " 10,000 tokens/s on 2 ranks");
    }
}
