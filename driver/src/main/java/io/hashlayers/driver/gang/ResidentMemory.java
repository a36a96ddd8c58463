package io.hashlayers.driver.gang;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What this process really held in memory, as Linux tells it. */
final class ResidentMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Pattern PEAK = Pattern.compile("^VmHWM:\\s*(\\d+) kB$", Pattern.MULTILINE);

    private ResidentMemory() {}

    /** The most so far, in bytes; nothing where the system does not tell. */
    static OptionalLong peakBytes() {
        try {
            return peakBytes(Files.readString(STATUS));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    static OptionalLong peakBytes(String status) {
        Matcher peak = PEAK.matcher(status);
        return peak.find() ? OptionalLong.of(Long.parseLong(peak.group(1)) << 10) : OptionalLong.empty();
    }
}
