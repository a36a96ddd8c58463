package io.hashlayers.driver.cli;

import io.hashlayers.driver.prepare.Frequencies;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.worker.checkpoint.Tid2eidFile;
import io.hashlayers.worker.storage.Folder;
import io.hashlayers.worker.storage.PendingFile;
import io.hashlayers.worker.train.TableConfig;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "table",
        description = "Builds tables of experts for the tokens of a dataset, for any trainer: no training, no Spark.",
        footer = {
            "",
            "A file that ends in .safetensors gets an integer tensor [tokens, experts of each] for each",
            "table, as the layers of DeepSeek-V4 that route by a hash have them (tid2eid), and as",
            "moe.table = tid2eid reads them. Any other file gets one table in the format of a run's table/.",
            "",
            "Examples:",
            "  hashlayers table --data work/data --experts 64 --out table.bin",
            "For a model that has a tokenizer of its own:",
            "  hashlayers prepare --input text.txt --out work/v4 -D prepare.tokenizer=tokenizer.json",
            "  hashlayers table --data work/v4 --experts 256 --per-token 6 --per-layer 3 --vocabulary 129280 \\",
            "      --out tid2eid.safetensors"
        })
final class TableCommand implements Callable<Integer> {
    private static final String LAYER = "{layer}";
    private static final String SAFETENSORS = ".safetensors";

    @Option(names = "--data", required = true, paramLabel = "DIR", description = "Folder that prepare wrote.")
    private String data = "";

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write.")
    private String out = "";

    @Option(names = "--experts", required = true, paramLabel = "E", description = "Experts of a layer.")
    private int experts;

    @Option(
            names = {"--per-token", "--experts-per-token"},
            paramLabel = "K",
            defaultValue = "1",
            description = "Experts that each token visits; default: ${DEFAULT-VALUE}.")
    private int expertsPerToken;

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            defaultValue = "balanced",
            description = "balanced (the most frequent token to the emptiest experts), random or modulo (in turn);"
                    + " default: ${DEFAULT-VALUE}.")
    private String kind = "";

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of random tables; default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--per-layer",
            paramLabel = "N",
            defaultValue = "1",
            description = "Tables, each different, for the layers 0 to N - 1; default: ${DEFAULT-VALUE}.")
    private int layers;

    @Option(
            names = "--name",
            paramLabel = "TENSOR",
            defaultValue = "layers.{layer}.ffn.gate.tid2eid",
            description =
                    "Name of the tensors, {layer} standing for the number of the layer; default:"
                            + " ${DEFAULT-VALUE}, as in DeepSeek's checkpoints. Transformers has model.layers.{layer}.mlp.gate.tid2eid.")
    private String name = "";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "int64",
            description = "int64 or int32; default: ${DEFAULT-VALUE}.")
    private String dtype = "";

    @Option(
            names = "--vocabulary",
            paramLabel = "V",
            description =
                    "Rows of the tables, if the model has more than the dictionary has tokens: they count as tokens"
                            + " that never occur. Default: as many as tokens.")
    private int vocabulary;

    @Option(names = "--overwrite", description = "Replace the file if it is there already.")
    private boolean overwrite;

    @Override
    public Integer call() throws IOException {
        Tid2eidFile.Width width = choice("--dtype", dtype, List.of(Tid2eidFile.Width.values()));
        TableConfig.Kind rule = choice(
                "--kind", kind, List.of(TableConfig.Kind.BALANCED, TableConfig.Kind.RANDOM, TableConfig.Kind.MODULO));
        requireSizes();
        Configuration hadoop = HadoopSettings.load();
        Path file = Folder.of(hadoop, out).path();
        if (file.isRoot()) {
            throw user("--out is " + file + ", which is a folder; name a file");
        }
        Folder folder = Folder.of(hadoop, file.getParent().toString());
        if (!overwrite && folder.exists(file.getName())) {
            throw user(file + " is there already; name another file, or say --overwrite to replace it");
        }
        long[] counts = counts(Frequencies.read(hadoop, data).train());
        Map<String, ExpertTable> tables = new LinkedHashMap<>();
        for (int layer = 0; layer < layers; layer++) {
            tables.put(
                    name.replace(LAYER, Integer.toString(layer)),
                    rule.build(counts, experts, expertsPerToken, seed, layer));
        }
        write(folder, file.getName(), tables, width);
        report(counts, rule, tables);
        return 0;
    }

    private void requireSizes() {
        requireAtLeast1("--experts", experts);
        requireAtLeast1("--per-token", expertsPerToken);
        requireAtLeast1("--per-layer", layers);
        if (expertsPerToken > experts) {
            throw user("--per-token is %d but --experts only %d; lower the first or raise the second"
                    .formatted(expertsPerToken, experts));
        }
        if (layers > 1 && !out.endsWith(SAFETENSORS)) {
            throw user("--per-layer is %d but %s holds one table only; let its name end in %s"
                    .formatted(layers, out, SAFETENSORS));
        }
        if (layers > 1 && !name.contains(LAYER)) {
            throw user("--per-layer is %d but all tables would have the name %s; put %s into it"
                    .formatted(layers, name, LAYER));
        }
    }

    private static void requireAtLeast1(String option, int value) {
        if (value < 1) {
            throw user(option + " is " + value + "; set it to 1 or more");
        }
    }

    private static <E extends Enum<E>> E choice(String option, String name, List<E> allowed) {
        return allowed.stream()
                .filter(constant -> label(constant).equals(name))
                .findFirst()
                .orElseThrow(() -> user("%s is %s; set it to one of %s"
                        .formatted(
                                option,
                                name,
                                String.join(
                                        ", ",
                                        allowed.stream()
                                                .map(TableCommand::label)
                                                .toList()))));
    }

    private static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** Counts of as many tokens as the tables have rows. */
    private long[] counts(long[] ofDictionary) {
        if (vocabulary != 0 && vocabulary < ofDictionary.length) {
            throw user("--vocabulary is %d but the dictionary of %s has %d tokens; set it to that or more"
                    .formatted(vocabulary, data, ofDictionary.length));
        }
        return Arrays.copyOf(ofDictionary, Math.max(vocabulary, ofDictionary.length));
    }

    private void write(Folder folder, String file, Map<String, ExpertTable> tables, Tid2eidFile.Width width) {
        try {
            if (file.endsWith(SAFETENSORS)) {
                Tid2eidFile.write(folder, file, tables, width);
                return;
            }
            try (PendingFile pending = folder.create(file)) {
                tables.values().iterator().next().write(pending.out());
                pending.commit();
            }
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "%s cannot be written: %s; make room or check the rights of its folder"
                            .formatted(folder.path(file), e.getMessage()),
                    e);
        }
    }

    private void report(long[] counts, TableConfig.Kind rule, Map<String, ExpertTable> tables) {
        long unseen = Arrays.stream(counts).filter(count -> count == 0).count();
        System.out.printf(
                Locale.ROOT,
                "%,d tokens, %,d of which never occur among the %,d of the training text; %d experts, %d for each token%n",
                counts.length,
                unseen,
                Arrays.stream(counts).sum(),
                experts,
                expertsPerToken);
        BalancePage page = new BalancePage(counts, expertsPerToken, List.of(), System.out);
        tables.forEach((tensor, table) -> {
            page.printExperts(rule.label(), table);
            System.out.println("            " + tensor + ", " + table.digest());
        });
        System.out.println("for comparison");
        for (TableConfig.Kind other : List.of(TableConfig.Kind.RANDOM, TableConfig.Kind.MODULO)) {
            if (other != rule) {
                page.printExperts(other.label(), other.build(counts, experts, expertsPerToken, seed, 0));
            }
        }
        System.out.println("written to " + out);
    }

    private static TrainingException user(String message) {
        return new TrainingException(Failure.USER, message);
    }
}
