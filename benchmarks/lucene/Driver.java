// Lucene for benchmarks/lexical.py: one index of a file of lines, asked with texts, timed inside the JVM.
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.Stream;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.PositionLengthAttribute;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.PhraseQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.MMapDirectory;
import org.apache.lucene.util.QueryBuilder;

public final class Driver {
    private final IndexSearcher searcher;
    private final Analyzer analyzer;
    private final QueryBuilder queries; // null where the analyzer gives single characters and pairs

    public Driver(String folder, String analyzer) throws Exception {
        searcher = new IndexSearcher(DirectoryReader.open(new MMapDirectory(Path.of(folder))));
        searcher.setSimilarity(new BM25Similarity(1.2f, 0.75f));
        searcher.setQueryCache(null);
        this.analyzer = analyzerOf(analyzer);
        queries = analyzer.equals("unigrams and bigrams") ? null : new QueryBuilder(this.analyzer);
    }

    private static Analyzer analyzerOf(String name) {
        switch (name) {
            case "cjk":
                return new CJKAnalyzer();
            case "unigrams and bigrams":
                return new Analyzer() {
                    @Override
                    protected TokenStreamComponents createComponents(String field) {
                        StandardTokenizer source = new StandardTokenizer();
                        TokenStream folded = new LowerCaseFilter(new CJKWidthFilter(source));
                        int all = CJKBigramFilter.HAN | CJKBigramFilter.HIRAGANA | CJKBigramFilter.KATAKANA
                            | CJKBigramFilter.HANGUL;
                        return new TokenStreamComponents(source, new CJKBigramFilter(folded, all, true));
                    }
                };
            default:
                return new WhitespaceAnalyzer();
        }
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

    /** The terms of a text; for a phrase those of one character. */
    private List<Term> terms(String text, boolean phrase) throws Exception {
        List<Term> out = new ArrayList<>();
        try (TokenStream stream = analyzer.tokenStream("text", text)) {
            CharTermAttribute term = stream.addAttribute(CharTermAttribute.class);
            PositionLengthAttribute length = stream.addAttribute(PositionLengthAttribute.class);
            stream.reset();
            while (stream.incrementToken()) {
                if (!phrase || length.getPositionLength() == 1) {
                    out.add(new Term("text", term.toString()));
                }
            }
            stream.end();
        }
        return out;
    }

    /** As Quarry asks: every character and every pair is a clause, a phrase is one of characters. */
    private Query clauses(String text, String mode) throws Exception {
        if (mode.equals("phrase")) {
            PhraseQuery.Builder phrase = new PhraseQuery.Builder();
            terms(text, true).forEach(phrase::add);
            return phrase.build();
        }
        BooleanQuery.Builder bag = new BooleanQuery.Builder();
        Occur occur = mode.equals("and") ? Occur.MUST : Occur.SHOULD;
        new LinkedHashSet<>(terms(text, false)).forEach(term -> bag.add(new TermQuery(term), occur));
        return bag.build();
    }

    private Query query(String text, String mode) throws Exception {
        if (queries == null) {
            return clauses(text, mode);
        }
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
