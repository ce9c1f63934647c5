import java.io.FileNotFoundException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/**
 * Takes the lease of a hidden file in a directory from whoever is writing it, as soon as there is one, and prints the file's path.
 *
 * Usage: RecoverLease DIRECTORY SECONDS
 */
public class RecoverLease {
    public static void main(String[] arguments) throws Exception {
        Path directory = new Path(arguments[0]);
        DistributedFileSystem files =
            (DistributedFileSystem) FileSystem.get(directory.toUri(), new Configuration());
        long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000_000L;
        while (System.nanoTime() < end) {
            for (FileStatus file : files.listStatus(directory)) {
                if (isHidden(file) && takes(files, file.getPath())) {
                    System.out.println("taken " + file.getPath().toUri().getPath());
                    return;
                }
            }
            Thread.sleep(5);
        }
        System.err.println("nobody writes a hidden file in " + directory);
        System.exit(1);
    }

    private static boolean isHidden(FileStatus file) {
        String name = file.getPath().getName();
        return file.isFile() && (name.startsWith(".") || name.startsWith("_"));
    }

    private static boolean takes(DistributedFileSystem files, Path path) throws Exception {
        try {
            // What is recovered at once may have been closed by its writer just before: only what takes a while was taken from him.
            return !files.isFileClosed(path) && !files.recoverLease(path);
        } catch (FileNotFoundException gone) {
            return false;
        }
    }
}
