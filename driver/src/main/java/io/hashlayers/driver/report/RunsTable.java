package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.Measure;
import io.hashlayers.driver.compare.RunOutcome;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.report.HtmlTable.Heading;
import java.util.List;

/** Every run of a study, with what became of it. */
final class RunsTable {
    private RunsTable() {}

    static String markup(StudyResults results) {
        var table = new HtmlTable(List.of(
                Heading.words("variant"),
                Heading.number("seed", ""),
                Heading.words("how it ended"),
                Heading.number("attempts", ""),
                Heading.number("perplexity", ""),
                Heading.number("tokens/s", ""),
                Heading.words("settings of its own")));
        for (RunResult run : results.runs()) {
            table.row(List.of(
                    run.id().variant(),
                    String.valueOf(run.id().seed()),
                    ending(run.outcome()),
                    String.valueOf(run.outcome().attempts()),
                    value(run, Measure.VALID_PERPLEXITY),
                    value(run, Measure.TOKENS_PER_SECOND),
                    run.outcome().run().run().differences()));
        }
        return table.markup("Every run, in the order in which they were done.");
    }

    private static String ending(RunOutcome outcome) {
        return outcome.failure().isEmpty() ? "finished" : "failed: " + outcome.failure();
    }

    private static String value(RunResult run, Measure measure) {
        return run.measure(measure).isPresent()
                ? measure.format(run.measure(measure).getAsDouble())
                : "";
    }
}
