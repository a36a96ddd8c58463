package io.hashlayers.driver.chaos;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The heap of an executor fills up until its JVM throws an {@link OutOfMemoryError}. */
final class ExhaustHeap implements Fault {
    @Override
    public String strike(Target target) throws IOException {
        ProcessHandle executor = target.anExecutor();
        Path agent = Files.createTempFile("heap-filler", ".jar");
        try {
            writeAgent(agent);
            load(agent, executor);
        } finally {
            Files.delete(agent);
        }
        return "process " + executor.pid();
    }

    private static void load(Path agent, ProcessHandle executor) throws IOException {
        try {
            VirtualMachine jvm = VirtualMachine.attach(Long.toString(executor.pid()));
            try {
                jvm.loadAgent(agent.toString());
            } finally {
                jvm.detach();
            }
        } catch (AttachNotSupportedException
                | com.sun.tools.attach.AgentLoadException
                | com.sun.tools.attach.AgentInitializationException e) {
            throw new IOException("the JVM of process " + executor.pid() + " takes no agent", e);
        }
    }

    /** A jar that only names the agent, whose class is on the executor's class path. */
    private static void writeAgent(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(new Attributes.Name("Agent-Class"), HeapFiller.class.getName());
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
    }
}
