package io.hashlayers.driver.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.compare.SampleStudy;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The page in headless Chromium, where one is installed. */
class ReportInBrowserTest {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");
    private static final String MEASURING = // of a copy for the test; the page itself has no script
            "<script>document.title = [document.documentElement.scrollWidth, innerWidth,"
                    + " document.querySelectorAll('svg').length, document.querySelectorAll('article').length,"
                    + " [...document.querySelectorAll('svg')].filter(svg => svg.getBoundingClientRect().height > 20).length"
                    + "].join(' ')</script>";

    @TempDir
    Path dir;

    private Path page;

    @BeforeEach
    void write() throws IOException {
        var study = SampleStudy.read(dir, SampleStudy.TABLES);
        String html = StudyReport.html(SampleStudy.results(study, dir, run -> 20 + run.seed()));
        page = Files.writeString(dir.resolve("report.html"), html.replace("</body>", MEASURING + "</body>"));
    }

    private static Optional<Path> browser() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private String run(String... options) throws IOException, InterruptedException {
        Optional<Path> browser = browser();
        Assumptions.assumeTrue(browser.isPresent(), "no Chromium on the PATH");
        List<String> command = new ArrayList<>(List.of(
                browser.get().toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--hide-scrollbars",
                "--user-data-dir=" + dir.resolve("profile")));
        command.addAll(List.of(options));
        command.add(page.toUri().toString());
        Path out = dir.resolve("out.txt");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS))
                    .as("the browser ends")
                    .isTrue();
        } finally {
            process.destroyForcibly();
        }
        return Files.readString(out);
    }

    @ParameterizedTest
    @ValueSource(ints = {1400, 800, 500})
    void theReportFitsItsWindow(int width) throws IOException, InterruptedException {
        String dom = run("--dump-dom", "--window-size=" + width + ",900");

        String title = dom.replaceFirst("(?s).*?<title>", "").replaceFirst("(?s)</title>.*", "");
        List<Integer> measured =
                Stream.of(title.split(" ", -1)).map(Integer::valueOf).toList();
        assertThat(measured.get(0)).as("tables scroll, not the page").isLessThanOrEqualTo(measured.get(1));
        assertThat(measured.get(2)).as("charts and maps").isGreaterThan(8);
        assertThat(measured.get(4)).as("all are seen").isEqualTo(measured.get(2));
        assertThat(measured.get(3)).as("claims").isEqualTo(1);
    }

    @Test
    void itIsDrawnInColours() throws IOException, InterruptedException {
        Path picture = dir.resolve("report.png");

        run("--screenshot=" + picture, "--window-size=1200,3000");

        BufferedImage image = ImageIO.read(picture.toFile());
        long colours = Arrays.stream(image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth()))
                .distinct()
                .count();
        assertThat(colours).isGreaterThan(50);
    }

    @Test
    void itPrints() throws IOException, InterruptedException {
        Path pdf = dir.resolve("report.pdf");

        run("--print-to-pdf=" + pdf);

        assertThat(Files.size(pdf)).isGreaterThan(10_000);
    }
}
