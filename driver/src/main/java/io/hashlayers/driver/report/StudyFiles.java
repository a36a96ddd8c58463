package io.hashlayers.driver.report;

import io.hashlayers.driver.compare.ResultTable;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** Writes what a study leaves beside its runs, as often as something new is known. */
public final class StudyFiles {
    public static final String REPORT = "report.html";
    static final String TABLE = "results.csv";

    private StudyFiles() {}

    /** Writes {@code results.csv} and {@code report.html} in place of what was there. */
    public static void write(Folder study, StudyResults results) {
        try {
            study.write(TABLE, new ResultTable(results).csv().getBytes(StandardCharsets.UTF_8));
            study.write(REPORT, StudyReport.html(results).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new TrainingException(
                    Failure.RESOURCES,
                    "the folder %s cannot be written: %s; check its rights and the room there"
                            .formatted(study, e.getMessage()),
                    e);
        }
    }
}
