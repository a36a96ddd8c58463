package io.hashlayers.peer;

import java.nio.file.Path;

/**
 * What a process of the peer is started with.
 *
 * @param dir folder of the model, the weights and the batch
 * @param threads of this process
 * @param rank of this process, from 0
 * @param processes that share the batch
 * @param meeting the file by which they find each other, new for every group; one process alone does not read it
 */
record PeerArguments(Path dir, int threads, int rank, int processes, Path meeting) {
    private static final String USAGE = "arguments: FOLDER THREADS RANK PROCESSES MEETING-FILE";

    PeerArguments {
        if (threads < 1) {
            throw new IllegalArgumentException("%d threads; 1 or more can work".formatted(threads));
        }
        if (rank < 0 || rank >= processes) {
            throw new IllegalArgumentException("rank %d of %d processes".formatted(rank, processes));
        }
    }

    static PeerArguments parse(String[] words) {
        if (words.length != 5) {
            throw new IllegalArgumentException("%d words; %s".formatted(words.length, USAGE));
        }
        return new PeerArguments(
                Path.of(words[0]), number(words[1]), number(words[2]), number(words[3]), Path.of(words[4]));
    }

    private static int number(String word) {
        try {
            return Integer.parseInt(word);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"%s\" is no whole number; %s".formatted(word, USAGE), e);
        }
    }
}
