package io.hashlayers.driver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The borders of docs/architecture.md: who may know whom. */
class HouseRulesTest {
    private static final String SHARDING = "io.hashlayers.sharding..";
    private static final String WORKER = "io.hashlayers.worker..";
    private static final String DRIVER = "io.hashlayers.driver..";
    private static final String COLLECTIVE = "io.hashlayers.worker.collective..";
    private static final String KERNELS = "io.hashlayers.worker.kernels..";

    private static JavaClasses house;

    @BeforeAll
    static void readAllModules() {
        house = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("/sharding/testing/"))
                .importPackages("io.hashlayers");
    }

    @Test
    void allThreeModulesAreRead() {
        assertThat(house.contain("io.hashlayers.sharding.hash.ExpertTable")).isTrue();
        assertThat(house.contain("io.hashlayers.worker.train.RankLoop")).isTrue();
        assertThat(house.contain("io.hashlayers.driver.cli.Main")).isTrue();
        assertThat(house.contain(HouseRulesTest.class)).isFalse();
    }

    @Test
    void shardingIsPlainJava() {
        ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(SHARDING)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(SHARDING, "java..", "org.jspecify..")
                .check(house);
    }

    @Test
    void theWorkerDoesNotKnowTheDriver() {
        noClasses()
                .that()
                .resideInAPackage(WORKER)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DRIVER)
                .check(house);
    }

    @Test
    void onlyTheCollectiveTransportsThroughSpark() {
        noClasses()
                .that()
                .resideOutsideOfPackage(COLLECTIVE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.spark.network",
                        "org.apache.spark.network.buffer..",
                        "org.apache.spark.network.client..",
                        "org.apache.spark.network.crypto..",
                        "org.apache.spark.network.protocol..",
                        "org.apache.spark.network.server..")
                .check(house);
    }

    @Test
    void theWorkerKnowsNothingElseOfSpark() {
        noClasses()
                .that()
                .resideInAPackage(WORKER)
                .and()
                .resideOutsideOfPackage(COLLECTIVE)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.spark..")
                .check(house);
        noClasses()
                .that()
                .resideInAPackage(COLLECTIVE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.spark",
                        "org.apache.spark.api..",
                        "org.apache.spark.rdd..",
                        "org.apache.spark.scheduler..",
                        "org.apache.spark.sql..")
                .check(house);
    }

    @Test
    void kernelsKnowNoLayers() {
        noClasses()
                .that()
                .resideInAPackage(KERNELS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.hashlayers.worker.transformer..",
                        "io.hashlayers.worker.router..",
                        "io.hashlayers.worker.optimizer..",
                        "io.hashlayers.worker.collective..",
                        "io.hashlayers.worker.train..",
                        "org.apache..")
                .check(house);
    }

    /** Bytes from elsewhere become numbers and texts, never objects of a class that they name. */
    @Test
    void nothingIsDeserializedByJava() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.io.ObjectInputStream")
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage("javax.xml..", "java.beans..", "com.thoughtworks..")
                .because("docs/security.md promises it")
                .check(house);
    }

    @Test
    void onlyWhatTalksToPeopleUsesTheStandardStreams() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.hashlayers.driver.cli..", "io.hashlayers.driver.track..", "io.hashlayers.driver.bench..")
                .should(ACCESS_STANDARD_STREAMS)
                .check(house);
    }

    @Test
    void onlyTheConfigurationKnowsHoconAndOnlyTheCommandsKnowOptions() {
        noClasses()
                .that()
                .resideOutsideOfPackage("io.hashlayers.driver.config..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.typesafe.config..")
                .check(house);
        noClasses()
                .that()
                .resideOutsideOfPackage("io.hashlayers.driver.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .check(house);
    }

    @Test
    void packagesDependOnEachOtherInOneDirection() {
        slices().matching("io.hashlayers.(*).(*)..").should().beFreeOfCycles().check(house);
    }
}
