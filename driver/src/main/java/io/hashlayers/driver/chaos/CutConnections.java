package io.hashlayers.driver.chaos;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Every TCP connection between two executors is reset, as by a firewall that forgot them; both processes live. */
final class CutConnections implements Fault {
    private static final Pattern LINE = Pattern.compile(".*:(\\d+)\\s+\\S*:(\\d+)\\s+.*pid=(\\d+),.*");

    private record Connection(long pid, int local, int peer) {}

    @Override
    public String strike(Target target) throws IOException, InterruptedException {
        List<Long> executors =
                target.cluster().executors().stream().map(ProcessHandle::pid).toList();
        List<Connection> all = new ArrayList<>();
        for (String line :
                Shell.run("ss", "-tnpH", "state", "established").lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches() && executors.contains(Long.valueOf(matcher.group(3)))) {
                all.add(new Connection(
                        Long.parseLong(matcher.group(3)),
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2))));
            }
        }
        int cut = 0;
        for (Connection connection : all) {
            boolean between = all.stream()
                    .anyMatch(other -> other.pid() > connection.pid()
                            && other.local() == connection.peer()
                            && other.peer() == connection.local());
            if (between) {
                Shell.run(
                        "ss",
                        "-K",
                        "-tn",
                        "sport = :%d and dport = :%d".formatted(connection.local(), connection.peer()));
                cut++;
            }
        }
        if (cut == 0) {
            throw new IOException("no connection between executors " + executors + " was found");
        }
        return cut + " connections";
    }
}
