package io.hashlayers.driver.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.data.SplitInfo;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrepareTest {
    private static final int VOCABULARY = 300;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of many scripts, and of what text files hold by mistake. */
    private static final List<String> TEXTS = List.of(
            "The quick brown fox jumps over the lazy dog; the dog doesn't mind, the fox'll be back.",
            "  padded by blanks,\ttabs \u00a0 and \u3000 wide ones  ",
            "Zw\u00f6lf Boxk\u00e4mpfer jagen Viktor quer \u00fcber den Sylter Deich",
            "\u0421\u044a\u0435\u0448\u044c \u0435\u0449\u0451 \u044d\u0442\u0438\u0445 \u043c\u044f\u0433\u043a\u0438\u0445 \u0431\u0443\u043b\u043e\u043a",
            "\u6211\u80fd\u541e\u4e0b\u73bb\u7483\u800c\u4e0d\u4f24\u8eab\u4f53\u3002\u79c1\u306f\u30ac\u30e9\u30b9\u3092\u98df\u3079\u3089\u308c\u307e\u3059",
            "\u0623\u0646\u0627 \u0642\u0627\u062f\u0631 \u0639\u0644\u0649 \u200f(\u0661\u0662\u0663)\u200e \u05d0\u05e0\u05d9 \u05d9\u05db\u05d5\u05dc",
            "\u092e\u0948\u0902 \u0915\u093e\u0901\u091a \u0e09\u0e31\u0e19\u0e01\u0e34\u0e19 e\u0301\u0327\u0308\u0323 \u1100\u1161\u11a8",
            "\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67 \ud83c\uddea\ud83c\uddfa \ud835\udd38\ud835\udfd9 \ud800\udf48 \udbff\udfff \ufffd \ufdd0",
            "controls: \u0000 \u0001 \u001b[0m \u0085 \u2028 \u200b \ufeff \u007f, a\rreturn",
            "looks like <|endoftext|> but is <|endoftext|><|endoftext|> text",
            "one",
            "one",
            "12345 67,89.0",
            "x");

    @TempDir
    private static Path folder;

    private static SparkSession spark;
    private static Path tokenizer;

    private final List<String> said = new ArrayList<>();

    @BeforeAll
    static void startSparkAndLearnADictionary() throws IOException {
        spark = LocalSpark.start(2);
        Map<String, Long> words = new TreeMap<>();
        TEXTS.forEach(text -> PreTokens.forEach(text, word -> words.merge(word, 3L, Long::sum)));
        tokenizer = Files.write(folder.resolve("given.json"), TokenizerJson.of(BpeTrainer.train(words, VOCABULARY)));
    }

    @AfterAll
    static void stopSpark() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lines", "blank-line", "jsonl", "parquet", "lines.gz", "blank-line.zst", "jsonl.zst"})
    void everyFormatGivesTheTextsBackExactlyAndInOrder(String kind) throws IOException {
        String format = kind.replaceFirst("\\..*", "");
        Path input = write(format, kind);
        Path out = folder.resolve("of-" + kind);

        Prepare.run(spark, new Given(input, out).format(format).config(), said::add);

        var dataset = new PreparedDataset(out);
        assertThat(dataset.documents("train")).isEqualTo(texts(format));
        assertThat(dataset.files())
                .containsExactly(
                        "frequencies.parquet",
                        "manifest.json",
                        "test/tokens-00000.bin",
                        "tokenizer.json",
                        "train/tokens-00000.bin",
                        "valid/tokens-00000.bin");
        SplitInfo train = dataset.manifest().split("train");
        assertThat(train.documents()).isEqualTo(texts(format).size());
        assertThat(train.bytes())
                .isEqualTo(texts(format).stream()
                        .mapToLong(text -> text.getBytes(StandardCharsets.UTF_8).length)
                        .sum());
    }

    @Test
    void theDictionaryIsLearnedOfTheTrainSplitAndFrequenciesAndChecksumsAreThoseOfTheShards() throws Exception {
        Path input = folder.resolve("many.txt");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            texts.add(TEXTS.get(i % 8) + " " + i / 3);
        }
        Files.write(input, texts);
        Path out = folder.resolve("many");

        Prepare.run(
                spark, new Given(input, out).learned(VOCABULARY).split(0.2, 0.1).config(), said::add);

        var dataset = new PreparedDataset(out);
        List<String> all = new ArrayList<>();
        Frequencies frequencies = Frequencies.read(new Configuration(), out.toString());
        Map<String, long[]> counts =
                Map.of("train", frequencies.train(), "valid", frequencies.valid(), "test", frequencies.test());
        for (String split : SplitRule.SPLITS) {
            all.addAll(dataset.documents(split));
            assertThat(dataset.documents(split)).as(split).isNotEmpty();
            long[] recount = new long[VOCABULARY];
            for (int token : dataset.tokens(split)) {
                recount[token]++;
            }
            assertThat(counts.get(split)).as(split).containsExactly(recount);
            for (SplitInfo.Shard shard : dataset.manifest().split(split).shards()) {
                assertThat(shard.checksum()).isEqualTo("sha256:" + sha256(out.resolve(shard.file())));
            }
        }
        assertThat(all).containsExactlyInAnyOrderElementsOf(texts);
        Map<String, Long> words = new TreeMap<>();
        dataset.documents("train").forEach(text -> PreTokens.forEach(text, word -> words.merge(word, 1L, Long::sum)));
        assertThat(out.resolve("tokenizer.json"))
                .hasBinaryContent(TokenizerJson.of(BpeTrainer.train(words, VOCABULARY)));
        assertThat(dataset.manifest().tokenizerDigest()).isEqualTo("sha256:" + sha256(out.resolve("tokenizer.json")));
    }

    @Test
    void theSameAgainChangesNoFile() throws IOException {
        var given = new Given(write("lines", "again.txt"), folder.resolve("again"));
        Prepare.run(spark, given.config(), said::add);
        Map<String, FileTime> before = new PreparedDataset(given.out).times();
        said.clear();

        Prepare.run(spark, given.config(), said::add);

        assertThat(new PreparedDataset(given.out).times()).isEqualTo(before);
        assertThat(said)
                .singleElement()
                .asString()
                .endsWith("again is up to date: same input and settings, nothing to do");
    }

    @Test
    void aGivenTokenizerIsKnownByItsContentWhereverItLies() throws IOException {
        var given = new Given(write("lines", "moved.txt"), folder.resolve("moved"));
        Prepare.run(spark, given.config(), said::add);
        Path elsewhere = Files.copy(tokenizer, folder.resolve("elsewhere.json"));
        said.clear();

        Prepare.run(spark, given.tokenizer(elsewhere).config(), said::add);

        assertThat(said).singleElement().asString().contains("is up to date");
        Files.writeString(elsewhere, Files.readString(elsewhere) + "\n");
        assertRefused(given.tokenizer(elsewhere), Failure.USER, "was not made of this input with these settings");
    }

    static Stream<Arguments> damages() {
        return Stream.of(
                Arguments.of("train/tokens-00000.bin", -1, "train/tokens-00000.bin is missing"),
                Arguments.of("train/tokens-00000.bin", 4, "train/tokens-00000.bin has 4 bytes instead of "),
                Arguments.of("tokenizer.json", -1, "tokenizer.json is missing"),
                Arguments.of("tokenizer.json", 9, "tokenizer.json is not the one that the shards were made with"),
                Arguments.of("frequencies.parquet", -1, "frequencies.parquet is missing"),
                Arguments.of("frequencies.parquet", 99, "frequencies.parquet is not whole"));
    }

    @ParameterizedTest
    @MethodSource("damages")
    void aDamagedDatasetIsMadeAnew(String file, int bytesLeft, String sentence) throws IOException {
        Path input = folder.resolve("damaged.txt"); // the same for all cases, since its time of writing counts
        var given = new Given(Files.exists(input) ? input : write("lines", "damaged.txt"), folder.resolve("damaged"));
        Prepare.run(spark, given.config(), said::add);
        byte[] whole = Files.readAllBytes(given.out.resolve(file));
        if (bytesLeft < 0) {
            Files.delete(given.out.resolve(file));
        } else {
            Files.write(given.out.resolve(file), Arrays.copyOf(whole, bytesLeft));
        }
        said.clear();

        Prepare.run(spark, given.config(), said::add);

        assertThat(said.get(0)).contains("damaged is made anew: " + sentence);
        assertThat(given.out.resolve(file)).hasBinaryContent(whole);
    }

    @Test
    void aDatasetWithoutAUsableManifestIsReplacedOnlyOnDemand() throws IOException {
        var given = new Given(write("lines", "unknown.txt"), folder.resolve("unknown"));
        Prepare.run(spark, given.config(), said::add);
        Files.writeString(given.out.resolve("manifest.json"), "{");

        assertRefused(given, Failure.DATA, "is not a usable dataset manifest");
        assertRefused(given, Failure.DATA, "prepare the dataset again with --overwrite");
        Prepare.run(spark, given.overwriting().config(), said::add);

        assertThat(new PreparedDataset(given.out).documents("train")).isEqualTo(TEXTS);
    }

    @Test
    void otherSettingsReplaceADatasetOnlyOnDemand() throws IOException {
        var given = new Given(write("lines", "changed.txt"), folder.resolve("changed"));
        Prepare.run(spark, given.config(), said::add);
        Map<String, FileTime> before = new PreparedDataset(given.out).times();

        var changed = given.split(0.5, 0);
        assertRefused(changed, Failure.USER, "choose another folder, or add --overwrite");
        assertThat(new PreparedDataset(given.out).times()).isEqualTo(before);

        Prepare.run(spark, changed.overwriting().config(), said::add);
        assertThat(new PreparedDataset(given.out).documents("valid")).isNotEmpty();
        assertThat(folder.resolve("changed.former")).doesNotExist();
    }

    @Test
    void anInputThatFailsLeavesTheFormerDatasetWhole() throws IOException {
        var given = new Given(write("lines", "spoilt.txt"), folder.resolve("spoilt"));
        Prepare.run(spark, given.config(), said::add);
        Map<String, FileTime> before = new PreparedDataset(given.out).times();
        Files.write(given.input, new byte[] {'a', '\n', (byte) 0xE9, '\n'});

        assertRefused(given.overwriting(), Failure.DATA, "spoilt.txt is not UTF-8 in line 2");

        assertThat(new PreparedDataset(given.out).times()).isEqualTo(before);
    }

    @Test
    void aFolderOfOtherThingsIsNeverReplaced() throws IOException {
        var given = new Given(write("lines", "mine.txt"), Files.createDirectory(folder.resolve("mine")));
        Files.writeString(given.out.resolve("thesis.txt"), "years of work");

        assertRefused(given.overwriting(), Failure.USER, "choose another folder: it is no dataset of ours");
        assertThat(given.out.resolve("thesis.txt")).hasContent("years of work");

        Files.delete(given.out.resolve("thesis.txt"));
        Prepare.run(spark, given.config(), said::add);
        assertThat(new PreparedDataset(given.out).documents("train")).isEqualTo(TEXTS);
    }

    static Stream<Arguments> badInputs() throws IOException {
        byte[] latin = "good\n\nalso good\nb\u00e9d\n".getBytes(StandardCharsets.ISO_8859_1);
        return Stream.of(
                Arguments.of("", "lines", 0, Failure.DATA, "bad.txt] holds no text; check the path and prepare.format"),
                Arguments.of("\n \n", "lines", VOCABULARY, Failure.DATA, "bad.txt] holds no text"),
                Arguments.of(latin, "lines", 0, Failure.DATA, "bad.txt is not UTF-8 in line 4; convert it"),
                Arguments.of("{\"text\":\"a\"}\n[", "jsonl", 0, Failure.DATA, "bad.txt line 2 is not JSON: "),
                Arguments.of(
                        "{\"text\":7}", "jsonl", 0, Failure.DATA, "bad.txt line 1 has no text in its field \"text\""),
                Arguments.of("text", "parquet", 0, Failure.DATA, "bad.txt cannot be read: "),
                Arguments.of("ab ab ab", "lines", VOCABULARY, Failure.USER, "the text allows at most 259; lower it"));
    }

    @ParameterizedTest
    @MethodSource("badInputs")
    void aBadInputIsNamedAndNothingIsLeft(
            Object content, String format, int vocabulary, Failure failure, String sentence) throws IOException {
        byte[] bytes = content instanceof byte[] raw ? raw : ((String) content).getBytes(StandardCharsets.UTF_8);
        Path input = Files.write(folder.resolve("bad.txt"), bytes);
        var given = new Given(input, folder.resolve("of-bad")).format(format);

        assertRefused(vocabulary > 0 ? given.learned(vocabulary) : given, failure, sentence);

        assertThat(given.out).doesNotExist();
    }

    @Test
    void whatIsMissingIsNamed() throws IOException {
        Path out = folder.resolve("of-missing");
        Path input = write("lines", "there.txt");

        assertRefused(
                new Given(folder.resolve("nowhere.txt"), out),
                Failure.DATA,
                "nowhere.txt does not exist or holds no file");
        assertRefused(
                new Given(input, out).tokenizer(folder.resolve("no.json")), Failure.DATA, "no.json cannot be read: ");
        assertRefused(
                new Given(write("parquet", "columns"), out).format("parquet").field("body"),
                Failure.DATA,
                "has no column \"body\", only [text]; name one with prepare.text-field");
        assertRefused(
                new Given(input, out).learned(VOCABULARY).split(1, 0),
                Failure.DATA,
                "no document of the input falls into the train split");
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "no JSON",
                "{}",
                "[]",
                "{\"added_tokens\":[{\"id\":0,\"content\":\"<|endoftext|>\"}]}",
                "{\"added_tokens\":[{\"id\":0,\"content\":\"</s>\"}],\"model\":{\"type\":\"BPE\",\"vocab\":7}}"
            })
    void whatIsNoTokenizerIsRefused(String content) throws IOException {
        Path json = Files.writeString(folder.resolve("odd.json"), content);

        TrainingException refused = assertRefused(
                new Given(write("lines", "odd.txt"), folder.resolve("of-odd")).tokenizer(json),
                Failure.DATA,
                "odd.json");

        assertThat(refused.getMessage()).containsAnyOf("is no tokenizer.json that can be used", "has no end-of-text");
        assertThat(folder.resolve("of-odd")).doesNotExist();
    }

    @Test
    void anOutputThatCannotBeMadeIsNamedBeforeTheWork() throws IOException {
        Path file = Files.writeString(folder.resolve("a-file"), "");

        assertRefused(
                new Given(write("lines", "fine.txt"), file.resolve("out")),
                Failure.RESOURCES,
                "out.incomplete cannot be made");
    }

    /** What to prepare; a dictionary is given and all is for training unless said otherwise. */
    private record Given(
            Path input,
            Path out,
            String format,
            String field,
            String tokenizer,
            int vocabulary,
            double valid,
            double test,
            boolean overwrite) {
        Given(Path input, Path out) {
            this(input, out, "lines", "text", PrepareTest.tokenizer.toString(), 0, 0, 0, false);
        }

        Given format(String name) {
            return new Given(input, out, name, field, tokenizer, vocabulary, valid, test, overwrite);
        }

        Given field(String name) {
            return new Given(input, out, format, name, tokenizer, vocabulary, valid, test, overwrite);
        }

        Given tokenizer(Path file) {
            return new Given(input, out, format, field, file.toString(), vocabulary, valid, test, overwrite);
        }

        Given learned(int size) {
            return new Given(input, out, format, field, "", size, valid, test, overwrite);
        }

        Given split(double newValid, double newTest) {
            return new Given(input, out, format, field, tokenizer, vocabulary, newValid, newTest, overwrite);
        }

        Given overwriting() {
            return new Given(input, out, format, field, tokenizer, vocabulary, valid, test, true);
        }

        PrepareConfig config() {
            return new PrepareConfig(
                    List.of(input.toString()),
                    format,
                    field,
                    vocabulary,
                    tokenizer,
                    valid,
                    test,
                    7,
                    out.toString(),
                    overwrite);
        }
    }

    /** Asserts also that nothing new lies beside the output. */
    private TrainingException assertRefused(Given given, Failure failure, String sentence) throws IOException {
        List<String> before = names();
        TrainingException refused =
                catchThrowableOfType(TrainingException.class, () -> Prepare.run(spark, given.config(), said::add));
        assertThat(refused).as(sentence).isNotNull().hasMessageContaining(sentence);
        assertThat(refused.failure()).as(sentence).isEqualTo(failure);
        assertThat(names()).as(sentence).isEqualTo(before);
        return refused;
    }

    private static List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::toString).sorted().toList();
        }
    }

    private static List<String> texts(String format) {
        if (format.equals("lines")) {
            return TEXTS;
        }
        List<String> texts = new ArrayList<>(TEXTS);
        texts.add("a text of\ntwo lines");
        return texts;
    }

    private static Path write(String format, String name) throws IOException {
        Path file = folder.resolve(name);
        if (format.equals("parquet")) {
            spark.createDataset(texts(format), Encoders.STRING())
                    .toDF("text")
                    .coalesce(1)
                    .write()
                    .mode("overwrite")
                    .parquet(file.toString());
            return file;
        }
        StringBuilder content = new StringBuilder();
        for (String text : texts(format)) {
            content.append(format.equals("jsonl") ? JSON.writeValueAsString(Map.of("text", text)) : text);
            content.append(format.equals("blank-line") ? "\n\n" : "\n");
        }
        try (OutputStream out = compressed(file)) {
            out.write(content.toString().getBytes(StandardCharsets.UTF_8));
        }
        return file;
    }

    private static OutputStream compressed(Path file) throws IOException {
        OutputStream out = Files.newOutputStream(file);
        if (file.toString().endsWith(".gz")) {
            return new GZIPOutputStream(out);
        }
        return file.toString().endsWith(".zst") ? new ZstdOutputStream(out) : out;
    }

    private static String sha256(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
