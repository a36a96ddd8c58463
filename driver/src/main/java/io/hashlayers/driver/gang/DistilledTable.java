package io.hashlayers.driver.gang;

import io.hashlayers.sharding.balance.BalanceReport;

/**
 * A table that took the place of a learned router.
 *
 * @param layer index of the block
 * @param file where the table lies
 * @param seen tokens that the router was seen to route; the others are dealt out
 * @param values all tokens
 * @param rows that were read; a token is as many as it has experts
 * @param agreement share of these rows for which the table has the expert that the router chose
 * @param routerMaxVio of the router on those rows
 * @param balance of the table on the training text
 */
public record DistilledTable(
        int layer,
        String file,
        int seen,
        int values,
        long rows,
        double agreement,
        double routerMaxVio,
        BalanceReport balance) {}
