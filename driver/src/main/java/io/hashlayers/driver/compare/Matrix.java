package io.hashlayers.driver.compare;

import io.hashlayers.driver.config.SettingsPatch;
import java.util.ArrayList;
import java.util.List;

/** All combinations of the values of several axes. */
final class Matrix {
    private Matrix() {}

    /**
     * The variants of a matrix: the last axis turns fastest, names are joined by hyphens, and a later axis goes over an earlier
     * one.
     *
     * @param axes the values of each axis; no axis gives no variant
     */
    static List<Variant> variants(List<List<Variant>> axes) {
        if (axes.isEmpty()) {
            return List.of();
        }
        List<Variant> product = List.of(new Variant("", SettingsPatch.none()));
        for (List<Variant> axis : axes) {
            List<Variant> longer = new ArrayList<>();
            for (Variant before : product) {
                for (Variant value : axis) {
                    longer.add(new Variant(
                            before.name().isEmpty() ? value.name() : before.name() + "-" + value.name(),
                            value.settings().over(before.settings())));
                }
            }
            product = longer;
        }
        return product;
    }
}
