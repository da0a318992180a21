using System.Diagnostics;
using SafeTuneBed.Data;
using SafeTuneBed.Running;
using SafeTuneBed.Text;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// Reading, rendering, tokenizing and masking rows: records a second, and how the managed memory grows with their number. Streamed, a row at a time, as corpora go
/// through the encoder; then as a whole set, which holds its rows, with and without the token cache.
/// </summary>
internal static class DataBenchmark
{
    private const int MaxLength = 2048;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        string tokenizerFolder = arguments.Find("tokenizer") ?? throw new ArgumentException("Name a folder with a tokenizer: --tokenizer <folder>.");
        string source = arguments.Find("source") ?? throw new ArgumentException("Name a file of records with instruction, input and output: --source <file>.");
        int many = arguments.Number("records", 50_000), few = Math.Max(1, many / 10);
        string work = Directory.CreateTempSubdirectory("safetunebed-data-").FullName;
        try
        {
            var rows = new AlpacaLikeRows(source);
            rows.Write(FileOf(work, few), few);
            rows.Write(FileOf(work, many), many);
            rows = null;
            ModelTokenizer tokenizer = ModelTokenizer.Load(tokenizerFolder);
            PromptTemplate template = PromptTemplates.Resolve(arguments.Text("template", "alpaca"), tokenizerFolder, tokenizer, (_, _) => throw new ArgumentException("--template is alpaca or raw."));
            Stream(FileOf(work, few), template, tokenizer, liveEvery: null); // warms up
            long fewPeak = Stream(FileOf(work, few), template, tokenizer, liveEvery: null), manyPeak = Stream(FileOf(work, many), template, tokenizer, liveEvery: null);
            Console.WriteLine($"managed peak of {many:N0} rows over {few:N0}, streamed: {(double)manyPeak / fewPeak:N2}");
            long fewLive = Stream(FileOf(work, few), template, tokenizer, liveEvery: few / 20), manyLive = Stream(FileOf(work, many), template, tokenizer, liveEvery: many / 20);
            Console.WriteLine($"the same of what is really held: {(double)manyLive / fewLive:N2}");
            foreach (int count in new[] { few, many })
            {
                await WholeAsync(work, count, template, tokenizer, "tokens in memory alone", null);
                await WholeAsync(work, count, template, tokenizer, "tokens kept on disk", Path.Combine(work, "tokens"));
                await WholeAsync(work, count, template, tokenizer, "tokens found on disk", Path.Combine(work, "tokens"));
            }

            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static string FileOf(string folder, int count) => Path.Combine(folder, $"rows-{count}.jsonl");

    private static FinetuneDatasetConfig Recipe(string file, int count) => new("rows")
    {
        Source = DatasetSource.JsonLines(file),
        Mapping = RecordMapping.Columns("instruction", "input", "output"),
        Count = count,
    };

    /// <summary>Gives the managed peak: with <paramref name="liveEvery"/> of what is reachable, measured every so many rows; without, as the collector let it grow.</summary>
    private static long Stream(string file, PromptTemplate template, ModelTokenizer tokenizer, int? liveEvery)
    {
        FinetuneDatasetConfig recipe = Recipe(file, 1);
        var encoder = new ExampleEncoder(template, tokenizer.Fingerprint, recipe.InputPlacement, MaxLength, LengthPolicy.ExcludeBeforeSelection);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long peak = GC.GetTotalMemory(forceFullCollection: true), tokens = 0, supervised = 0;
        int count = 0;
        long start = Stopwatch.GetTimestamp();
        foreach (RawRecord record in RecordStream.Read(file, DatasetFormat.JsonLines, null, CancellationToken.None))
        {
            EncodedExample encoded = encoder.Encode(RecordMapper.Map(record, recipe.Mapping, keepFields: false));
            tokens += encoded.Tokens?.InputIds.Length ?? 0;
            supervised += encoded.Tokens?.SupervisedTokenCount ?? 0;
            if (++count % (liveEvery ?? 100) == 0)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: liveEvery is not null));
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(liveEvery is null
            ? $"streamed, one thread: {count:N0} rows, {tokens:N0} tokens ({supervised:N0} with loss): {count / seconds:N0} rows/s; managed peak {peak / 1e6:N1} MB"
            : $"streamed: {count:N0} rows hold {peak / 1e6:N1} MB at most");
        return peak;
    }

    private static async Task WholeAsync(string work, int count, PromptTemplate template, ModelTokenizer tokenizer, string how, string? tokenFolder)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var catalog = new DatasetCatalog([], [], new BedSettings { TokenFolder = tokenFolder });
        long start = Stopwatch.GetTimestamp();
        PreparedDataset set = await catalog.GetDatasetAsync(Recipe(FileOf(work, count), count), 1, tokenizer, template, MaxLength, []);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"whole set, {how}: {set.Tokenized.Count:N0} rows, {count / seconds:N0} rows/s; it holds {held / 1e6:N1} MB, {held / count:N0} bytes a row");
        GC.KeepAlive(catalog);
        GC.KeepAlive(set);
    }
}
