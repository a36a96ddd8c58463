package io.hashlayers.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.driver.gang.DistilledTable;
import io.hashlayers.sharding.balance.BalanceReport;
import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import org.junit.jupiter.api.Test;

class DistilCommandTest {
    @Test
    void aTableIsToldInASentence() {
        BalanceReport balance = BalanceReport.of(
                ExpertTable.of(2, 1, new int[] {0, 0, 1}), new long[] {30, 6, 4}, ExpertPlacement.roundRobin(2, 1));

        assertThat(DistilCommand.describe(new DistilledTable(3, "hdfs:/t.bin", 2, 3, 4000, 0.625, 0.25, balance)))
                .isEqualTo(
                        "block 3: 2 of 3 tokens were routed; the table has the router's expert for 62.50 % of 4,000 rows;"
                                + " MaxVio 0.800 (at least 0.500 for any table), of the router 0.250; hdfs:/t.bin");
    }
}
