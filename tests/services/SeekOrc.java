import com.google.gson.stream.JsonWriter;
import java.io.StringWriter;
import java.lang.reflect.Method;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.orc.OrcFile;
import org.apache.orc.Reader;
import org.apache.orc.RecordReader;
import org.apache.orc.TypeDescription;
import org.apache.orc.storage.ql.exec.vector.VectorizedRowBatch;
import org.apache.orc.storage.ql.io.sarg.PredicateLeaf;
import org.apache.orc.storage.ql.io.sarg.SearchArgumentFactory;

/**
 * Begins to read a file of ORC at the first row of each group of rows, from the last to the first one, and prints the number of the
 * row and the row. Then it asks for the rows whose column has a value, and prints how many it has to look at.
 *
 * Usage: SeekOrc FILE EACH COLUMN VALUE
 */
public class SeekOrc {
    public static void main(String[] arguments) throws Exception {
        Path file = new Path(arguments[0]);
        int each = Integer.parseInt(arguments[1]);
        Reader reader = OrcFile.createReader(file, OrcFile.readerOptions(new Configuration()));
        TypeDescription schema = reader.getSchema();
        // What prints a row for the command line is not for others to call.
        Method print = Class.forName("org.apache.orc.tools.PrintData")
            .getDeclaredMethod("printRow", JsonWriter.class, VectorizedRowBatch.class, TypeDescription.class, int.class);
        print.setAccessible(true);
        try (RecordReader rows = reader.rows()) {
            long last = (reader.getNumberOfRows() - 1) / each * each;
            for (long row = last; row >= 0; row -= each) {
                rows.seekToRow(row);
                VectorizedRowBatch batch = schema.createRowBatch();
                rows.nextBatch(batch);
                StringWriter text = new StringWriter();
                JsonWriter json = new JsonWriter(text);
                print.invoke(null, json, batch, schema, 0);
                json.flush();
                System.out.println(row + " " + text);
            }
        }
        Reader.Options wanted = reader.options().searchArgument(
            SearchArgumentFactory.newBuilder()
                .equals(arguments[2], PredicateLeaf.Type.LONG, Long.valueOf(arguments[3]))
                .build(),
            new String[] {arguments[2]});
        try (RecordReader rows = reader.rows(wanted)) {
            VectorizedRowBatch batch = schema.createRowBatch();
            long count = 0;
            while (rows.nextBatch(batch)) {
                count += batch.size;
            }
            System.out.println("looked at " + count);
        }
    }
}
