package io.hashlayers.driver.gang;

/** Ends a gang that has fewer ranks than were asked for, since there is room for all of them now. Nothing failed. */
final class MoreRanks extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MoreRanks(int ranks) {
        super("there is room for " + ranks + " ranks");
    }
}
