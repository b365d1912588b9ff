// Lucene for benchmarks/lexical.py: one index of a file of lines, asked with texts, timed inside the JVM.
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.QueryBuilder;

public final class Driver {
    private final IndexSearcher searcher;
    private final QueryBuilder queries;

    public Driver(String folder, String analyzer) throws Exception {
        searcher = new IndexSearcher(DirectoryReader.open(new MMapDirectory(Path.of(folder))));
        searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        searcher.setQueryCache(null);
        queries = new QueryBuilder(analyzerOf(analyzer));
    }

    private static Analyzer analyzerOf(String name) {
        return name.equals("cjk") ? new CJKAnalyzer() : new WhitespaceAnalyzer();
    }

    /** Builds one segment; returns nanoseconds of processor time of this thread, the last merge included. */
    public static long build(String lines, String folder, String analyzer) throws Exception {
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        long began = clock.getCurrentThreadCpuTime();
        IndexWriterConfig config = new IndexWriterConfig(analyzerOf(analyzer));
        config.setRAMBufferSizeMB(256);
        config.setUseCompoundFile(false);
        config.setMergeScheduler(new org.apache.lucene.index.SerialMergeScheduler());
        try (MMapDirectory directory = new MMapDirectory(Path.of(folder));
             IndexWriter writer = new IndexWriter(directory, config);
             Stream<String> source = Files.lines(Path.of(lines))) {
            Document document = new Document();
            TextField field = new TextField("text", "", Field.Store.NO);
            document.add(field);
            for (String line : (Iterable<String>) source::iterator) {
                field.setStringValue(line);
                writer.addDocument(document);
            }
            writer.forceMerge(1);
        }
        return clock.getCurrentThreadCpuTime() - began;
    }

    private Query query(String text, String mode) {
        Query query = mode.equals("phrase")
            ? queries.createPhraseQuery("text", text)
            : queries.createBooleanQuery("text", text, mode.equals("and") ? Occur.MUST : Occur.SHOULD);
        return query == null ? new MatchNoDocsQuery() : query;
    }

    /** Nanoseconds of processor time that each search takes. */
    public long[] time(String[] texts, int k, String mode) throws Exception {
        ThreadMXBean clock = ManagementFactory.getThreadMXBean();
        long[] spent = new long[texts.length];
        for (int i = 0; i < texts.length; i++) {
            long began = clock.getCurrentThreadCpuTime();
            searcher.search(query(texts[i], mode), k);
            spent[i] = clock.getCurrentThreadCpuTime() - began;
        }
        return spent;
    }
}
