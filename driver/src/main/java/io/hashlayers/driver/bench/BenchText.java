package io.hashlayers.driver.bench;

import io.hashlayers.driver.bench.BenchReport.Exchange;
import io.hashlayers.driver.bench.BenchReport.Rival;
import io.hashlayers.driver.bench.BenchReport.Steps;
import io.hashlayers.driver.bench.OperationTime.Part;
import io.hashlayers.worker.router.RouterConfig;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The report of a benchmark as a table for people. */
public final class BenchText {
    private static final double LEAST_SHARE = 0.002; // of a step, for an operation to be listed

    private final BenchReport report;
    private final PrintStream out;

    private BenchText(BenchReport report, PrintStream out) {
        this.report = report;
        this.out = out;
    }

    /** Prints the report. */
    public static void print(BenchReport report, PrintStream out) {
        new BenchText(report, out).print();
    }

    private void print() {
        line("kernels        %s", report.kernels());
        line(
                "model          %,d parameters, %,d of them multiply a token",
                report.parameters(), report.multipliedWeights());
        line(
                "step           %,d tokens on %d ranks, %d experts in layers %s",
                report.tokensPerStep(),
                report.worldSize(),
                report.model().numExperts(),
                report.model().sparseLayers());
        line(
                "limits         %.1f GFLOP/s (sgemm 1024 x 1024 x 1024), %.1f GB/s (x += y on 64 MiB), all ranks together",
                report.limits().flopRate() * 1e-9, report.limits().byteRate() * 1e-9);
        line("");
        steps("", report.steps());
        for (Rival rival : report.rivals()) {
            steps("with " + rival.name(), rival.steps());
        }
        for (Rival rival : report.rivals()) {
            line(
                    "%-14s %.3f (median step)",
                    name(report) + " / " + rival.name(),
                    report.steps().median() / rival.steps().median());
        }
        if (report.comparesLayers()) {
            line(
                    "a layer        %.2f ms of experts with their exchange, %.2f ms dense: %.3f (without waits and optimizer)",
                    report.sparseLayerSeconds() * 1e3,
                    report.denseLayerSeconds() * 1e3,
                    report.sparseLayerSeconds() / report.denseLayerSeconds());
        }
        line(
                "allocated      %,d bytes of heap a step on rank 0, and %,d bytes of matrices in %d steps",
                report.steps().heapBytesPerStep(),
                report.steps().offHeapGrowth(),
                report.steps().count());
        if (report.worldSize() > 1) {
            sent(report.steps());
        }
        operations();
        exchanges();
    }

    /** What its first layer of experts routes by. */
    private static String name(BenchReport report) {
        List<RouterConfig> routers = report.model().mixture().routers();
        return routers.isEmpty() ? "dense" : routers.get(0).kind();
    }

    private void sent(Steps steps) {
        if (Double.isNaN(steps.leastBytesPerStep())) {
            line("sent           %,.0f bytes a step by rank 0", steps.sentBytesPerStep());
            return;
        }
        line(
                "sent           %,.0f bytes a step by rank 0, of which %,.0f had to be: %.4f",
                steps.sentBytesPerStep(),
                steps.leastBytesPerStep(),
                steps.sentBytesPerStep() / steps.leastBytesPerStep());
    }

    private void steps(String name, Steps steps) {
        line(
                "%-14s %,.0f tokens/s; %.1f ms a step, median of %d (least %.1f, most %.1f); %.1f GFLOP, %.1f %% of the sgemm peak; loss %.4f to %.4f",
                name.isEmpty() ? "training" : name,
                steps.tokensPerSecond(),
                steps.median() * 1e3,
                steps.count(),
                steps.least() * 1e3,
                steps.most() * 1e3,
                report.flopPerStep() * 1e-9,
                100 * steps.shareOfPeak(),
                steps.firstLoss(),
                steps.lastLoss());
    }

    private void operations() {
        line("");
        line("%-34s %20s %7s %9s %7s %9s %9s", "a step of rank 0", "shape", "calls", "ms", "share", "GFLOP/s", "GB/s");
        double all = report.notedSeconds();
        double rest = 0;
        for (OperationTime time : report.operations()) {
            if (time.seconds() < LEAST_SHARE * all) {
                rest += time.seconds();
            } else {
                operation(time, all);
            }
        }
        line("%-34s %20s %7s %9.2f %6.1f%%", "smaller ones", "", "", rest * 1e3, 100 * rest / all);
        line("%-34s %20s %7s %9.2f", "all of them", "", "", all * 1e3);
        line(
                "of it: %s",
                Arrays.stream(Part.values())
                        .map(part -> String.format(Locale.ROOT, "%s %.1f ms", part.title, report.seconds(part) * 1e3))
                        .collect(Collectors.joining(", ")));
    }

    private void operation(OperationTime time, double all) {
        line(
                "%-34s %20s %7.1f %9.2f %6.1f%% %9s %9s",
                time.name(),
                time.shape(),
                time.calls(),
                time.seconds() * 1e3,
                100 * time.seconds() / all,
                time.product() ? share(time.flopRate(), report.limits().flopRate()) : "",
                time.product() || time.bytes() == 0
                        ? ""
                        : share(time.byteRate(), report.limits().byteRate()));
    }

    /** A rate in billions, and its percentage of one rank's part of the limit. */
    private String share(double rate, double limit) {
        return String.format(Locale.ROOT, "%.1f %3.0f%%", rate * 1e-9, 100 * rate * report.worldSize() / limit);
    }

    private void exchanges() {
        if (report.exchanges().isEmpty()) {
            return;
        }
        line("");
        line("%-14s %12s %10s %12s", "exchange", "KiB a rank", "us", "GB/s leaving");
        for (Exchange exchange : report.exchanges()) {
            line(
                    "%-14s %12d %10.0f %12.2f",
                    exchange.name(),
                    exchange.bytes() >> 10,
                    exchange.seconds() * 1e6,
                    exchange.leavingBytes() / exchange.seconds() * 1e-9);
        }
    }

    private void line(String format, Object... values) {
        out.println(String.format(Locale.ROOT, format, values));
    }
}
