package io.hashlayers.sharding.hash;

import io.hashlayers.sharding.testing.fuzz.Fuzz;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class ExpertTableFuzzTest {
    @Test
    void files() throws IOException {
        try (Fuzz fuzz = new Fuzz(
                "expert-table",
                "a-table.bin",
                input -> ExpertTable.read(new ByteArrayInputStream(input), "a-table.bin"))) {
            fuzz.run(List.of(sample(11, 5, 1), sample(100, 16, 2)), ExpertTableFuzzTest::checksummed, 5000);
        }
    }

    private static byte[] sample(int values, int experts, int choices) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ExpertTable.random(values, experts, choices, 3).write(out);
        return out.toByteArray();
    }

    private static byte[] checksummed(byte[] input) {
        int end = input.length - Integer.BYTES;
        if (end >= 0) {
            CRC32C crc = new CRC32C();
            crc.update(input, 0, end);
            ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN).putInt(end, (int) crc.getValue());
        }
        return input;
    }
}
