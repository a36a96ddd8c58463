package io.hashlayers.driver.gang;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStore;
import org.jclouds.blobstore.BlobStoreContext;

/** An S3 endpoint before objects in memory, with one bucket. */
final class S3Store implements Store {
    private static final String BUCKET = "bucket";
    private static final String NAME = "a-name";
    private static final String KEY = "a-key";

    private final BlobStoreContext context;
    private final int port;
    private S3Proxy proxy;

    private S3Store(BlobStoreContext context) throws IOException {
        this.context = context;
        this.proxy = serve(context.getBlobStore(), 0);
        this.port = proxy.getPort();
    }

    static S3Store start() throws IOException {
        BlobStoreContext context = ContextBuilder.newBuilder("transient").build(BlobStoreContext.class);
        context.getBlobStore().createContainerInLocation(null, BUCKET);
        return new S3Store(context);
    }

    private static S3Proxy serve(BlobStore blobs, int port) throws IOException {
        try {
            S3Proxy proxy = S3Proxy.builder()
                    .blobStore(blobs)
                    .endpoint(URI.create("http://127.0.0.1:" + port))
                    .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, NAME, KEY)
                    .build();
            proxy.start();
            return proxy;
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    @Override
    public String root() {
        return "s3a://" + BUCKET;
    }

    @Override
    public void configure(Configuration hadoop) {
        hadoop.set("fs.s3a.endpoint", "http://127.0.0.1:" + port);
        hadoop.set("fs.s3a.path.style.access", "true");
        hadoop.set("fs.s3a.retry.limit", "2"); // it either answers at once or has stopped
        hadoop.set("fs.s3a.access.key", NAME);
        hadoop.set("fs.s3a.secret.key", KEY);
    }

    @Override
    public void fail() throws IOException {
        try {
            proxy.stop();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    @Override
    public void recover() throws IOException {
        proxy = serve(context.getBlobStore(), port);
    }

    @Override
    public void close() {
        try {
            fail();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        } finally {
            context.close();
        }
    }
}
