package io.hashlayers.driver.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.endtoend.Launcher.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** A short campaign of faults on a standalone cluster. */
@TestInstance(Lifecycle.PER_CLASS)
class ChaosIT {
    @TempDir
    static Path folder;

    private Launcher hashlayers;

    @BeforeAll
    void prepareRealText() throws IOException {
        hashlayers = new Launcher(folder);
        SmallText.write(folder.resolve("text.txt"));
        hashlayers
                .run(
                        "--master",
                        "local[2]",
                        "prepare",
                        "--input",
                        "text.txt",
                        "--out",
                        "data",
                        "-D",
                        "prepare.vocabulary-size=400")
                .expect(0);
    }

    private Finished chaos(String... more) {
        String[] all = new String[more.length + 3];
        all[0] = "chaos";
        all[1] = "--data";
        all[2] = "data";
        System.arraycopy(more, 0, all, 3, more.length);
        return hashlayers.run(all);
    }

    @Test
    void afterKillsAHangAndADamagedCheckpointTheRunIsTheUndisturbedOneToTheBit() throws IOException {
        Finished finished = chaos(
                        "--faults",
                        "4",
                        "--kinds",
                        "kill-executor,hang-executor,kill-driver,corrupt-checkpoint",
                        "-D",
                        "train.heartbeat-seconds=6",
                        "-D",
                        "train.evaluate-sequences=8",
                        "-D",
                        "train.steps=3000")
                .expect(0);

        assertThat(finished.errors()).contains("fault 4 of 4", "run 1 is equal to the undisturbed one, to the bit");
        assertThat(Files.readString(folder.resolve("work/chaos/report.md")))
                .contains(
                        "Every run ended with the losses, evaluations and tensors of the undisturbed one, to the bit.")
                .contains("| kill-driver: SIGKILL to the driver; the same command again | 1 | 1 |");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("work/chaos"))))
                .isEqualTo("rwx------");
        assertThat(ProcessHandle.allProcesses()
                        .filter(process ->
                                process.info().commandLine().orElse("").contains(folder.toString())))
                .isEmpty();
        assertThat(chaos().expect(2).errors()).contains("work/chaos is there already");
    }

    @Test
    void whatMakesNoCampaignIsRefused() {
        assertThat(chaos("--out", "no", "--kinds", "earthquake").expect(2).errors())
                .contains("'earthquake' is no kind of fault; --kinds takes kill-executor");
        assertThat(chaos("--out", "no", "-D", "train.steps=300").expect(2).errors())
                .contains("set train.steps to 8 times train.checkpoint-every or more");
        assertThat(folder.resolve("no")).doesNotExist();
    }
}
