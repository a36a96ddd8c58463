package io.hashlayers.driver.cli;

import io.hashlayers.driver.compare.Finding;
import io.hashlayers.driver.compare.ResolvedRun;
import io.hashlayers.driver.compare.RunOutcome;
import io.hashlayers.driver.compare.RunResult;
import io.hashlayers.driver.compare.Study;
import io.hashlayers.driver.compare.StudyExecution;
import io.hashlayers.driver.compare.StudyResults;
import io.hashlayers.driver.gang.RunReporter;
import io.hashlayers.driver.report.StudyFiles;
import io.hashlayers.driver.track.StudyProgress;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.worker.storage.Folder;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** Tells how a study goes and keeps its table and report up to date. */
final class CompareListener implements StudyExecution.Listener {
    private final Study study;
    private final int planned;
    private final Folder folder;
    private final Configuration hadoop;
    private final StudyProgress progress;
    private final Map<RunOutcome, RunResult> read = new HashMap<>(); // once, since the time lines are long

    CompareListener(Study study, int planned, Folder folder, Configuration hadoop, StudyProgress progress) {
        this.study = study;
        this.planned = planned;
        this.folder = folder;
        this.hadoop = hadoop;
        this.progress = progress;
    }

    void begin(List<ResolvedRun> remaining) {
        progress.say(
                "%s: %d runs, %d of them finished before".formatted(study.name(), planned, planned - remaining.size()));
        progress.begin(remaining.stream().mapToLong(run -> run.run().tokens()).sum());
    }

    @Override
    public RunReporter starting(int number, int total, ResolvedRun run) {
        return progress.run(
                number,
                total,
                run.id().toString(),
                run.run().tokens(),
                run.settings().train().steps());
    }

    @Override
    public void retrying(ResolvedRun run, TrainingException failure) {
        progress.say("once more: " + run.id());
    }

    @Override
    public void ended(RunOutcome outcome, List<RunOutcome> soFar) {
        progress.runOver(outcome.run().id().toString());
        if (outcome instanceof RunOutcome.Failed failed) {
            if (failed.attempts() == 0) {
                progress.runSkipped(failed.run().run().tokens());
            }
            progress.say("no result of %s: %s".formatted(outcome.run().id(), failed.failure()));
        }
        boolean news = !(outcome instanceof RunOutcome.Finished finished && finished.kept());
        if (news || soFar.size() == planned) {
            StudyFiles.write(folder, results(soFar));
        }
    }

    /** What the runs left that are over. */
    StudyResults results(List<RunOutcome> outcomes) {
        return StudyResults.of(
                study,
                outcomes.stream()
                        .map(outcome -> read.computeIfAbsent(outcome, over -> RunResult.read(over, hadoop)))
                        .toList(),
                planned);
    }

    void end(StudyResults results) {
        for (Finding finding : results.findings()) {
            progress.say("%s: %s"
                    .formatted(finding.verdict().words(), finding.claim().text()));
        }
        progress.say("report in " + folder.path(StudyFiles.REPORT));
    }
}
