package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings of a run or of a checkpoint that somebody else wrote. */
class SavedSettingsTest {
    private static final String MINE = Settings.load(List.of(), List.of()).render();

    @TempDir
    Path dir;

    private static void requireRefused(String foreign, String why) {
        ThrowingCallable resumed = () -> SettingsChange.require(foreign, MINE, false, "/run");
        ThrowingCallable loaded = () -> Settings.parse(foreign);
        assertThatThrownBy(resumed)
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.DATA))
                .hasMessageStartingWith("the settings of the run in /run cannot be read: ")
                .hasMessageContaining(why);
        assertThatThrownBy(loaded)
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith("the settings of the run cannot be read as HOCON: ")
                .hasMessageContaining(why);
    }

    @Test
    void noFileIsRead() throws IOException {
        Path file = Files.writeString(dir.resolve("other.conf"), "train.steps = 77");

        for (String include : List.of("file(\"%s\")", "\"%s\"", "required(file(\"%s\"))", "url(\"file:%s\")")) {
            requireRefused(MINE + "\ninclude " + include.formatted(file) + "\n", "includes something");
        }
        requireRefused("include classpath(\"io/hashlayers/driver/config/reference.conf\")", "includes something");
    }

    @Test
    void noAddressIsAsked() throws IOException {
        AtomicInteger asked = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            asked.incrementAndGet();
            exchange.sendResponseHeaders(404, -1);
            exchange.close();
        });
        server.start();
        try {
            String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/x.conf";
            requireRefused("include url(\"" + url + "\")", "includes something");
            requireRefused("include \"" + url + "\"", "includes something");
        } finally {
            server.stop(0);
        }
        assertThat(asked).hasValue(0);
    }

    /** Its value would be told as that of the setting. */
    @ParameterizedTest
    @ValueSource(strings = {"model.dim = ${PATH}", "model.dim = ${?PATH}", "train.data = ${java.home}\"/x\""})
    void noVariableIsTold(String foreign) {
        requireRefused(MINE + "\n" + foreign + "\n", "it refers to something by ${...}");
    }

    @Test
    void deepNestingIsRefused() {
        requireRefused("a = " + "[".repeat(200_000), "nested too deep");
        requireRefused("{a:".repeat(200_000), "nested too deep");
    }
}
