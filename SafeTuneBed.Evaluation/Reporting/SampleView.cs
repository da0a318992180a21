using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace SafeTuneBed.Reporting;

/// <summary>
/// The answers of a report as the page's script reads them. One answer that several measures judged is one sample, so that their disagreement shows. A text
/// occurs once however often it was asked. Large reports show a part, the odd ones first, and say how much.
/// </summary>
internal sealed class SampleView
{
    private const int MostSamples = 20_000, LongestText = 4_000;

    // Encodes < > & and quotes, so that no text can end the element that holds the data.
    private static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All), PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    private readonly List<string> texts = [], metrics = [], measures = [];
    private readonly Dictionary<string, int> textIndex = new(StringComparer.Ordinal);
    private readonly List<Row> rows = [];
    private int all;

    private SampleView()
    {
    }

    /// <summary>Samples shown.</summary>
    public int Shown => rows.Sum(r => r.Samples.Count);

    /// <summary>How many of how many are shown.</summary>
    public string Note => Shown == all
        ? string.Create(CultureInfo.InvariantCulture, $"{all} answers.")
        : string.Create(CultureInfo.InvariantCulture, $"{Shown} of {all} answers: those with a mark first. All are in the run folders.");

    /// <summary>The data as JSON that may stand inside an HTML script element.</summary>
    public string ToJson() => JsonSerializer.Serialize(new { Texts = texts, Metrics = metrics, Measures = measures, Rows = rows }, Options);

    /// <summary>Reads the answers behind every row.</summary>
    public static SampleView Of(GridReport report)
    {
        var view = new SampleView();
        HashSet<string> verdicts = [.. report.Rows.SelectMany(r => r.Metrics).Where(m => ReportLegend.IsVerdict(report, m)).Select(m => m.Key)];
        int most = Math.Max(1, MostSamples / Math.Max(1, report.Rows.Count));
        foreach (ReportRow row in report.Rows)
        {
            List<ReportSample[]> groups = [.. report.Samples(row).GroupBy(s => (s.Seed, s.ItemId, s.Prompt, s.Answer)).Select(g => g.ToArray())];
            view.all += groups.Count;
            var flagged = groups.Select((samples, place) => (Samples: samples, Place: place, Flags: FlagsOf(samples, verdicts)));
            view.rows.Add(new Row(
                ReportTables.Name(report, row),
                [.. flagged.OrderBy(g => g.Flags.Count == 0).Take(most).OrderBy(g => g.Place).Select(g => view.Create(g.Samples, g.Flags))]));
        }

        return view;
    }

    /// <summary>
    /// <c>unscored</c>: a measure that applies has no score. <c>refused</c>: a measure calls it a refusal. <c>disagreement</c>: of the shares that say an
    /// answer is bad, some say yes and some no.
    /// </summary>
    internal static IReadOnlyList<string> FlagsOf(IReadOnlyList<ReportSample> samples, IReadOnlySet<string> verdicts)
    {
        var flags = new List<string>();
        (string Key, SampleScore Score)[] scores = [.. samples.SelectMany(s => s.Scores.Select(p => (p.Key, p.Value)))];
        if (scores.Any(s => s.Score.Value is null && s.Score.UnscoredReason != UnscoredReason.NotApplicable))
        {
            flags.Add("unscored");
        }

        if (scores.Any(s => s.Score.Label == "refused"))
        {
            flags.Add("refused");
        }

        if (scores.Where(s => verdicts.Contains(s.Key) && s.Score.Value is not null).Select(s => s.Score.Value).Distinct().Count() > 1)
        {
            flags.Add("disagreement");
        }

        return flags;
    }

    private Sample Create(ReportSample[] samples, IReadOnlyList<string> flags) => new(
        samples[0].ItemId,
        samples[0].Seed.ToString(CultureInfo.InvariantCulture), // a script's numbers end at 2^53
        TextOf(samples[0].Prompt),
        TextOf(samples[0].Answer),
        flags,
        [.. samples.Select(s => Index(measures, s.Evaluator)).Distinct()],
        [.. samples.SelectMany(s => s.Scores).Select(s => new object?[] { Index(metrics, s.Key), ValueOf(s.Value), s.Value.Label })]);

    private static string ValueOf(SampleScore score) => score.Value?.ToString("0.####", CultureInfo.InvariantCulture) ?? $"unscored: {score.UnscoredReason}";

    private int TextOf(string? text)
    {
        if (text is null)
        {
            return -1;
        }

        if (text.Length > LongestText)
        {
            int cut = char.IsHighSurrogate(text[LongestText - 1]) ? LongestText - 1 : LongestText;
            text = string.Create(CultureInfo.InvariantCulture, $"{text[..cut]} [… {text.Length - cut} more characters in the run folder]");
        }

        if (!textIndex.TryGetValue(text, out int index))
        {
            textIndex[text] = index = texts.Count;
            texts.Add(text);
        }

        return index;
    }

    private static int Index(List<string> names, string name)
    {
        int index = names.IndexOf(name);
        if (index < 0)
        {
            index = names.Count;
            names.Add(name);
        }

        return index;
    }

    private sealed record Row(string Name, IReadOnlyList<Sample> Samples);

    private sealed record Sample(string Item, string Seed, int Prompt, int Answer, IReadOnlyList<string> Flags, IReadOnlyList<int> Measures, IReadOnlyList<object?[]> Scores);
}
