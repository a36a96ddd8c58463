package io.hashlayers.driver.compare;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;

/** The results of a study as a table: one row a run, a failed one too, and one column a measure, null where a run has none. */
public final class ResultTable {
    private final StudyResults results;

    public ResultTable(StudyResults results) {
        this.results = results;
    }

    /** Names and types of the columns. */
    static StructType schema() {
        StructType schema = new StructType()
                .add("study", DataTypes.StringType, false)
                .add("size", DataTypes.StringType, false)
                .add("variant", DataTypes.StringType, false)
                .add("seed", DataTypes.LongType, false)
                .add("status", DataTypes.StringType, false)
                .add("attempts", DataTypes.IntegerType, false)
                .add("failure", DataTypes.StringType, false)
                .add("dataset", DataTypes.StringType, false)
                .add("settings", DataTypes.StringType, false)
                .add("digest", DataTypes.StringType, false);
        for (Measure measure : Measure.values()) {
            schema = schema.add(measure.column(), DataTypes.DoubleType, true);
        }
        return schema;
    }

    /** The cells, row by row, of the types of the schema. */
    List<List<@Nullable Object>> rows() {
        return results.runs().stream().map(this::row).toList();
    }

    private List<@Nullable Object> row(RunResult run) {
        ResolvedRun resolved = run.outcome().run();
        List<@Nullable Object> cells = new ArrayList<>();
        Collections.addAll(
                cells,
                results.study().name(),
                results.study().size(),
                run.id().variant(),
                run.id().seed(),
                run.finished() ? "finished" : "failed",
                run.outcome().attempts(),
                run.outcome().failure(),
                resolved.dataset().name(),
                resolved.run().differences(),
                resolved.digest());
        for (Measure measure : Measure.values()) {
            cells.add(run.measures().get(measure));
        }
        return cells;
    }

    /** As comma-separated values with a line of names (RFC 4180, lines end with a line feed); a null is an empty cell. */
    public String csv() {
        List<List<@Nullable Object>> lines = new ArrayList<>();
        lines.add(List.of((Object[]) schema().fieldNames()));
        lines.addAll(rows());
        return lines.stream()
                .map(line -> line.stream().map(ResultTable::cell).collect(Collectors.joining(",")))
                .collect(Collectors.joining("\n", "", "\n"));
    }

    private static String cell(@Nullable Object value) {
        String text = value == null ? "" : value.toString();
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
