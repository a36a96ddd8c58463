package io.hashlayers.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hashlayers.sharding.Failure;
import io.hashlayers.sharding.TrainingException;
import io.hashlayers.sharding.hash.TokenFeature;
import io.hashlayers.worker.router.RouterConfig;
import io.hashlayers.worker.train.RunConfig;
import io.hashlayers.worker.train.TableConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings of layers of experts that fit each other, and the sentences for those that do not. */
class RoutingSettingsTest {

    @Test
    void clustersComeFromARunThatIsNamed() {
        TableConfig table = run("moe.table=dispersed moe.clusters-from=runs/dense moe.table-seed=5")
                .table();

        assertThat(table.kind()).isEqualTo(TableConfig.Kind.DISPERSED);
        assertThat(table.clustersFrom()).isEqualTo("runs/dense");
        assertThat(table.seed()).isEqualTo(5);
        assertThat(table.feature()).isEqualTo(TokenFeature.CURRENT_TOKEN);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "moe.table=clustered | moe.table is clustered and moe.clusters-from is empty; name the folder of a run",
                "moe.table=dispersed | moe.table is dispersed and moe.clusters-from is empty; name the folder of a run",
                "moe.table=clustered moe.clusters-from=r moe.feature=bigram"
                        + " | moe.table is clustered, which has experts for tokens, but moe.feature is bigram; set it to current-token",
                "moe.table=clustered moe.clusters-from=r moe.table-per-layer=true"
                        + " | there is one table of it for all layers; set moe.table-per-layer to false",
                "moe.table=dispersed moe.clusters-from=r moe.table-per-layer=true"
                        + " | there is one table of it for all layers; set moe.table-per-layer to false",
                "moe.table=clustered moe.clusters-from=r moe.experts-per-token=2"
                        + " | one expert for each token, but moe.experts-per-token is 2; set it to 1",
                "moe.table=dispersed moe.clusters-from=r moe.segments=2 | each of moe.segments needs another; set it to 1",
                "moe.table=tid2eid | moe.table is tid2eid and moe.table-file is empty; name the file of the table",
                "moe.table-file=t.safetensors | moe.table-file is t.safetensors but moe.table is balanced, so that it",
                "moe.table=tid2eid moe.table-file=t moe.feature=position"
                        + " | moe.table is tid2eid, which has experts for tokens, but moe.feature is position; set it to",
                "moe.feature=predicted-next | moe.feature is predicted-next and moe.predictions-from is empty",
                "moe.feature=next-token | moe.feature is \"next-token\"; set it to one of current-token, previous-token, bigram",
                "moe.router=random | moe.router is \"random\"; set it to one of base, hash, switch",
                "moe.router=[hash,switch] | moe.router names 2 routers for 1 layers of experts",
                "moe.num-experts=4 moe.experts-per-token=5 | moe.experts-per-token is 5 but moe.num-experts only 4",
                "moe.segments=2 moe.experts-per-token=2 | moe.experts-per-token is 2 but moe.segments = 2 hashes choose",
                "moe.segments=2 moe.combine=average | put side by side and not weighed; set moe.combine to sum",
                "moe.router=switch moe.switch.capacity-factor=0 | moe.switch.capacity-factor is 0.0; set it to",
                "moe.router=switch moe.switch.evaluation-capacity-factor=0 | moe.switch.evaluation-capacity-factor is 0.0",
                "moe.router=switch moe.experts-per-token=3 | moe.experts-per-token is 3",
                "moe.router=base moe.experts-per-token=2 | moe.experts-per-token is 2",
                "moe.router=base moe.base.groups=-1 | moe.base.groups is -1; set it to 0, for one on each rank, or more"
            })
    void whatDoesNotFitIsToldInASentence(String settings, String sentence) {
        assertThatThrownBy(() -> run(settings))
                .isInstanceOfSatisfying(
                        TrainingException.class, e -> assertThat(e.failure()).isEqualTo(Failure.USER))
                .hasMessageContaining(sentence);
    }

    @Test
    void eachLayerMayHaveARouterOfItsOwn() {
        assertThat(run("moe.layers=[1,3] moe.router=[hash,switch]")
                        .model()
                        .mixture()
                        .routers())
                .extracting(RouterConfig::name)
                .containsExactly("hash", "switch");
    }

    @Test
    void settingsOfTablesDoNotMatterToRoutersThatLearn() {
        assertThat(run("moe.router=switch moe.experts-per-token=2 moe.table=clustered moe.clusters-from=r")
                        .model()
                        .expertsPerToken())
                .isEqualTo(2);
    }

    private static RunConfig run(String settings) {
        List<String> overrides = new ArrayList<>(List.of("train.data=d"));
        overrides.addAll(Arrays.asList(settings.split(" ", -1)));
        return Settings.load(List.of(), overrides).run("r", 100);
    }
}
