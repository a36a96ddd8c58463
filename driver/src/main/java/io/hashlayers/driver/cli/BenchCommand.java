package io.hashlayers.driver.cli;

import io.hashlayers.driver.bench.Bench;
import io.hashlayers.driver.config.Settings;
import io.hashlayers.driver.config.Settings.BenchSettings;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "bench",
        description =
                "Times training steps on drawn tokens and sets them beside the matrix peak of this machine, measured in the same run.",
        footer = {"", "Example:", "  hashlayers bench --conf conf/bench-small.conf"})
final class BenchCommand implements Callable<Integer> {
    @Mixin
    private SettingsOptions options = new SettingsOptions();

    @Override
    public Integer call() {
        Settings settings = options.load();
        BenchSettings bench = settings.bench();
        int batch = settings.train().batchSequences();
        int ranks = bench.ranks() > 0 ? bench.ranks() : oneOnEachCore(batch);
        if (batch % ranks != 0) {
            throw new TrainingException(
                    Failure.USER,
                    "train.batch-sequences is %d, which %d ranks cannot share evenly; change it or bench.ranks"
                            .formatted(batch, ranks));
        }
        Bench.run(settings.run("", bench.vocabularySize()), ranks, bench.steps(), System.out);
        return 0;
    }

    private static int oneOnEachCore(int batch) {
        int cores = Runtime.getRuntime().availableProcessors();
        return IntStream.rangeClosed(1, Math.min(batch, cores))
                .filter(ranks -> batch % ranks == 0)
                .max()
                .orElse(1);
    }
}
