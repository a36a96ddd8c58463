package io.hashlayers.worker.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KernelsFactoryTest {
    @Test
    void bestKernelsAreTheVectorKernelsWhereTheirModuleIsPresent() {
        assertThat(KernelsFactory.best().description()).contains("Vector API", "oneDNN");
        assertThat(KernelsFactory.named("auto").description())
                .isEqualTo(KernelsFactory.best().description());
    }

    @Test
    void kernelsAreChosenByName() {
        assertThat(KernelsFactory.named("vector").description()).contains("Vector API");
        assertThat(KernelsFactory.named("nd4j").description()).contains("ND4J operations on CpuBackend");
    }

    @Test
    void unknownNameListsTheChoices() {
        assertThatThrownBy(() -> KernelsFactory.named("cuda"))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessage("kernels is \"cuda\"; set it to one of auto, vector, nd4j");
    }

    @Test
    void jvmWithoutTheVectorModuleSaysHowToAddIt() throws Exception {
        assertThat(runWithoutVectorModule("vector"))
                .contains("kernels is \"vector\" but this JVM runs without the module jdk.incubator.vector")
                .contains("start it with --add-modules jdk.incubator.vector or set kernels to \"auto\"");
    }

    @Test
    void jvmWithoutTheVectorModuleComputesWithNd4j() throws Exception {
        assertThat(runWithoutVectorModule("auto")).contains("ND4J operations");
    }

    /** What {@link Describe} prints in a JVM of its own that has none of the options of this one. */
    private static String runWithoutVectorModule(String name) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Describe.class.getName(),
                        name)
                .redirectErrorStream(true)
                .start();
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return output;
        } finally {
            process.destroyForcibly();
        }
    }

    static final class Describe {
        private Describe() {}

        public static void main(String[] names) {
            System.out.println(KernelsFactory.named(names[0]).description());
        }
    }
}
