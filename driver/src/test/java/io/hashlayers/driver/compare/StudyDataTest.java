package io.hashlayers.driver.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.hashlayers.driver.gang.SparkSessions;
import io.hashlayers.driver.prepare.TextTokenizer;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.TokenDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyDataTest {
    private static final String HEAD = """
            title = t, seeds = [1], sizes { small {} }
            base.prepare { vocabulary-size = 300, valid-fraction = 0.3, test-fraction = 0.1 }
            datasets {
              main {}
              other { text = new, tokenizer-of = main }
              large { prepare.vocabulary-size = 320 }
            }
            """;

    @TempDir
    static Path dir;

    private static SparkSession spark;

    @BeforeAll
    static void start() throws IOException {
        System.setProperty("spark.master", "local[2]");
        spark = SparkSessions.create("study-data-test");
        Files.writeString(dir.resolve("text.txt"), text(1));
        Files.writeString(dir.resolve("new.txt"), text(2));
    }

    @AfterAll
    static void stop() {
        spark.stop();
        System.clearProperty("spark.master");
    }

    /** Lines of words of several letters, with runs of spaces and punctuation. */
    private static String text(long seed) {
        var random = new Random(seed);
        List<String> words =
                List.of("the", " a", "house,", "of", "(experts)", "tokens.", "x", "hash-routed", "\u00e9t\u00e9");
        return IntStream.range(0, 120)
                .mapToObj(line -> IntStream.range(0, 3 + random.nextInt(20))
                        .mapToObj(i -> words.get(random.nextInt(words.size())) + (char) ('a' + random.nextInt(26)))
                        .collect(Collectors.joining(" ")))
                .collect(Collectors.joining("\n"));
    }

    private StudyDatasets find(String variants, Map<String, String> prepared, Map<String, List<String>> texts) {
        Study study = SampleStudy.read(dir, HEAD + "variants {\n" + variants + "\n}");
        var sources = new StudyData.Sources(
                prepared, texts, List.of(), dir.resolve("study/data").toString());
        return StudyData.of(spark, study, StudyRuns.of(study, List.of()), sources, sentence -> {});
    }

    private static List<String> file(String name) {
        return List.of(dir.resolve(name).toString());
    }

    @Test
    void datasetsAreMadeOfTextOrFoundPrepared() {
        String variants = "a {}\nb { train.data = other }\nc { train.data = large }";
        StudyDatasets made = find(variants, Map.of(), Map.of("main", file("text.txt"), "new", file("new.txt")));

        assertThat(made.vocabularySize("main")).isEqualTo(300);
        assertThat(made.vocabularySize("large")).isEqualTo(320);
        assertThat(made.get("other").manifest().tokenizerDigest())
                .isEqualTo(made.get("main").manifest().tokenizerDigest());
        assertThat(made.get("other").manifest().digest())
                .isNotEqualTo(made.get("main").manifest().digest());

        StudyDatasets found = find(
                variants,
                Map.of(
                        "main",
                        made.get("main").folder(),
                        "other",
                        made.get("other").folder()),
                Map.of("main", file("text.txt")));
        assertThat(found.get("main")).isEqualTo(made.get("main"));
        assertThat(found.get("other")).isEqualTo(made.get("other"));
        assertThatThrownBy(() -> find(
                        "b { train.data = other }",
                        Map.of(
                                "main",
                                made.get("large").folder(),
                                "other",
                                made.get("other").folder()),
                        Map.of()))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageContaining("the dataset other must have the dictionary of main");
    }

    @Test
    void whatIsMissingOrUnknownIsNamed() {
        assertThatThrownBy(() -> find("a {}", Map.of(), Map.of()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(
                        "the study needs the dataset 'main'; name its folder with --data DIR, or its text with --input TEXT");
        assertThatThrownBy(() -> find("a { train.data = other }", Map.of(), Map.of("main", file("text.txt"))))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("with --data other=DIR, or its text with --input new=TEXT");
        assertThatThrownBy(() -> find("a {}", Map.of("mian", "x"), Map.of()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining(
                        "--data names 'mian', which is none of the datasets of the study, main, other, large");
        assertThatThrownBy(() -> find("a {}", Map.of(), Map.of("nwe", List.of("x"))))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("--input names 'nwe', which is none of the texts of the study");
    }

    @Test
    void wordsAreCountedAsInTheText() throws IOException {
        StudyDataset main =
                find("a {}", Map.of(), Map.of("main", file("text.txt"))).get("main");

        // the words between white space of what the same tokens decode to, and the ends of documents
        int count = (int) Math.min(1024, main.manifest().split("valid").tokens() - 1);
        List<Integer> tokens = new ArrayList<>();
        try (TokenDataset split = TokenDataset.open(new Configuration(), main.folder(), "valid", count)) {
            for (long number = 0; number < split.rows(); number++) {
                int[] row = new int[count];
                split.readRow(number, row, new int[count], 0);
                IntStream.of(row).forEach(tokens::add);
            }
        }
        int words = 0;
        try (TextTokenizer tokenizer = TextTokenizer.load(new Configuration(), main.folder())) {
            List<Integer> document = new ArrayList<>();
            for (int token : tokens) {
                if (token == tokenizer.endOfText()) {
                    words += 1 + words(tokenizer, document);
                    document.clear();
                } else {
                    document.add(token);
                }
            }
            words += words(tokenizer, document);
        }
        assertThat(main.tokensPerWord().orElseThrow())
                .isGreaterThan(1)
                .isCloseTo(tokens.size() / (double) words, within(1e-12));
    }

    private static int words(TextTokenizer tokenizer, List<Integer> document) {
        String text =
                tokenizer.decode(document.stream().mapToInt(Integer::intValue).toArray());
        return text.isBlank() ? 0 : text.strip().split("\\s+", -1).length;
    }
}
