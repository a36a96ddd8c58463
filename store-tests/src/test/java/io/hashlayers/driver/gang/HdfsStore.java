package io.hashlayers.driver.gang;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSCluster.DataNodeProperties;
import org.apache.hadoop.hdfs.server.namenode.EditLogFileOutputStream;
import org.jspecify.annotations.Nullable;

/** A name node and one data node. */
final class HdfsStore implements Store {
    private final MiniDFSCluster cluster;
    private @Nullable DataNodeProperties stopped;

    private HdfsStore(MiniDFSCluster cluster) {
        this.cluster = cluster;
    }

    static HdfsStore start(Path folder) throws IOException {
        Configuration conf = new Configuration();
        conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.toString());
        conf.setInt("dfs.replication", 1);
        EditLogFileOutputStream.setShouldSkipFsyncForTesting(true);
        MiniDFSCluster cluster =
                new MiniDFSCluster.Builder(conf).numDataNodes(1).build();
        cluster.waitActive();
        return new HdfsStore(cluster);
    }

    @Override
    public String root() {
        return "hdfs://127.0.0.1:" + cluster.getNameNodePort();
    }

    @Override
    public void configure(Configuration hadoop) {
        hadoop.setInt("dfs.replication", 1);
    }

    @Override
    public void fail() {
        stopped = cluster.stopDataNode(0);
    }

    @Override
    public void recover() throws IOException {
        if (stopped != null) {
            cluster.restartDataNode(stopped, true);
            cluster.waitActive();
            stopped = null;
        }
    }

    @Override
    public void close() {
        cluster.shutdown(true);
    }
}
