package io.hashlayers.driver.chaos;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A campaign as Markdown: each fault, and a line for each kind. */
final class ChaosReport {
    private ChaosReport() {}

    static String text(ChaosRequest request, ChaosResult result) {
        StringBuilder text = new StringBuilder("# Faults on purpose\n\n");
        text.append(String.format(
                Locale.ROOT,
                "%d faults in %d runs of %,d steps on %d ranks, a checkpoint every %,d steps, seed %d. %s%n%n",
                result.faults().size(),
                result.differences().size(),
                request.train().steps(),
                request.workers(),
                request.train().checkpoints().every(),
                request.seed(),
                verdict(result)));
        text.append(
                "| fault | times | recovered | seconds to recover: median | most | steps lost: median | most | exit codes |\n");
        text.append("|---|---|---|---|---|---|---|---|\n");
        byKind(result).forEach((kind, outcomes) -> text.append(line(kind, outcomes)));
        text.append("\n| run | fault | struck | at step | seconds to recover | steps lost | ended with | saying |\n");
        text.append("|---|---|---|---|---|---|---|---|\n");
        result.faults().forEach(outcome -> text.append(line(outcome)));
        return text.toString();
    }

    private static String verdict(ChaosResult result) {
        Map<Integer, String> different = result.different();
        if (different.isEmpty()) {
            return "Every run ended with the losses, evaluations and tensors of the undisturbed one, to the bit.";
        }
        StringBuilder text = new StringBuilder("NOT equal to the undisturbed run:");
        different.forEach((run, difference) ->
                text.append(" run ").append(run).append(" (").append(difference).append(')'));
        return text.append('.').toString();
    }

    private static Map<FaultKind, List<FaultOutcome>> byKind(ChaosResult result) {
        Map<FaultKind, List<FaultOutcome>> byKind = new TreeMap<>();
        for (FaultKind kind : FaultKind.values()) {
            List<FaultOutcome> outcomes = result.faults().stream()
                    .filter(outcome -> outcome.kind() == kind)
                    .toList();
            if (!outcomes.isEmpty()) {
                byKind.put(kind, outcomes);
            }
        }
        return byKind;
    }

    private static String line(FaultKind kind, List<FaultOutcome> outcomes) {
        double[] seconds = outcomes.stream()
                .filter(FaultOutcome::recovered)
                .mapToDouble(FaultOutcome::secondsToRecover)
                .sorted()
                .toArray();
        double[] lost =
                outcomes.stream().mapToDouble(FaultOutcome::stepsLost).sorted().toArray();
        return String.format(
                Locale.ROOT,
                "| %s: %s | %d | %d | %.1f | %.1f | %.0f | %.0f | %s |%n",
                kind.id(),
                kind.text(),
                outcomes.size(),
                seconds.length,
                median(seconds),
                most(seconds),
                median(lost),
                most(lost),
                codes(outcomes.stream()
                        .flatMap(outcome -> outcome.exitCodes().stream())
                        .distinct()
                        .sorted()
                        .toList()));
    }

    private static String line(FaultOutcome outcome) {
        return String.format(
                Locale.ROOT,
                "| %d | %s | %s | %,d | %.1f | %d | %s | %s |%n",
                outcome.run(),
                outcome.kind().id(),
                outcome.target(),
                outcome.step(),
                outcome.secondsToRecover(),
                outcome.stepsLost(),
                codes(outcome.exitCodes()),
                outcome.error().replace("|", "\\|"));
    }

    private static String codes(List<Integer> codes) {
        return String.join(", ", codes.stream().map(String::valueOf).toList());
    }

    private static double median(double[] sorted) {
        return sorted.length == 0 ? Double.NaN : (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
    }

    private static double most(double[] sorted) {
        return sorted.length == 0 ? Double.NaN : sorted[sorted.length - 1];
    }
}
