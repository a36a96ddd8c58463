package io.hashlayers.sharding.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.hashlayers.sharding.hash.ExpertTable;
import io.hashlayers.sharding.placement.ExpertPlacement;
import org.junit.jupiter.api.Test;

class BalanceTextTest {
    @Test
    void aSmallReportReadsLikeThis() {
        long[] counts = {600, 200, 100, 1100};
        var table = ExpertTable.of(4, 1, new int[] {0, 1, 1, 3});

        var text = BalanceText.of(BalanceReport.of(table, counts, ExpertPlacement.byLoad(table.loads(counts), 2)));

        assertThat(text).isEqualTo("""
                2,000 tokens, 1 of 4 experts for each, on 2 ranks
                MaxVio of the experts 1.200 (fullest / mean - 1); with any table at least 1.200, as one token is 55.00% of the text
                experts without rows: 1
                rank imbalance 1.100 (fullest / mean)

                        expert             rows    share  of mean
                             3            1,100   55.00%    2.200  ######################
                             0              600   30.00%    1.200  ############
                             1              300   15.00%    0.600  ######
                             2                0    0.00%    0.000

                rank (experts)             rows    share  of mean
                         0 (2)            1,100   55.00%    1.100  ###########
                         1 (2)              900   45.00%    0.900  #########
                """);
    }

    @Test
    void longChartsStayOnOneScreen() {
        long[] counts = BalanceReportTest.zipf(8008);
        var table = ExpertTable.balanced(counts, 128, 1);

        var text = BalanceText.of(BalanceReport.of(table, counts, ExpertPlacement.byLoad(table.loads(counts), 40)));

        assertThat(text.lines()).hasSizeLessThan(45).allMatch(line -> line.length() <= 130);
        assertThat(text).contains("... and 112 emptier", "... and 24 emptier");
    }
}
