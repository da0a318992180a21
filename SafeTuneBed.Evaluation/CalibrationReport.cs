using SafeTuneBed.HumanRatings;
using SafeTuneBed.Reporting;
using SafeTuneBed.Sensitivity;

namespace SafeTuneBed;

/// <summary>How well judges agree with people who rated a blind sample. Numbers are weighted back to all answers of the report that the sample was drawn from.</summary>
public sealed class CalibrationReport
{
    internal CalibrationReport(string name, int drawn) => (Name, Drawn) = (name, drawn);

    /// <summary>The grid's name.</summary>
    public string Name { get; }

    /// <summary>Answers on the sheet.</summary>
    public int Drawn { get; }

    /// <summary>People first, by the name of their sheet, then the scorers. What a person left blank is <see cref="UnscoredReason.NotApplicable"/>.</summary>
    public IReadOnlyList<JudgeScores> Scorers { get; internal init; } = [];

    /// <summary>Each person with each scorer, and with each other person. The bias is the scorer's minus the person's.</summary>
    public IReadOnlyList<JudgePair> Pairs { get; internal init; } = [];

    /// <summary>Krippendorff's alpha of all, over the answers that somebody rated.</summary>
    public IReadOnlyList<JudgeConsensus> Consensus { get; internal init; } = [];

    /// <summary>What a reader must know.</summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>Reads rated sheets. A rating that is blank is none; lines may be sorted anew or left out.</summary>
    /// <param name="keyFile">The key that was written with the sheet.</param>
    /// <param name="sheets">One rated sheet per person; the file's name is the person's.</param>
    /// <exception cref="DatasetFormatException">A rating can't be read or is off the scale, an id is unknown or comes twice; the message names line and value.</exception>
    /// <exception cref="ConfigurationException">A file is missing or no key, or nothing is rated.</exception>
    public static CalibrationReport Read(string keyFile, params IReadOnlyList<string> sheets)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(keyFile);
        ArgumentNullException.ThrowIfNull(sheets);
        return HumanAgreement.Compare(CalibrationKey.Read(keyFile), sheets);
    }

    /// <summary>The report as tables: people and scorers, pairs, alpha, confusion.</summary>
    public IReadOnlyList<ReportTable> ToTables() =>
    [
        SensitivityTables.Scorers(Scorers), SensitivityTables.Pairs("Pairs", Pairs, [], _ => []), SensitivityTables.Consensus(Consensus), .. Pairs.Select(SensitivityTables.Confusion),
    ];

    /// <summary>The report as Markdown.</summary>
    public string ToMarkdown() => MarkdownReportWriter.Render($"{Name}: judges and people", ToTables(), Notes);

    /// <summary>Writes <c>calibration.md</c> and <c>calibration-pairs.csv</c> into a folder and returns their paths.</summary>
    public async Task<IReadOnlyList<string>> WriteAsync(string folder, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Directory.CreateDirectory(folder);
        return
        [
            await ReportFile.WriteAsync(folder, "calibration.md", ToMarkdown(), cancellationToken).ConfigureAwait(false),
            await ReportFile.WriteAsync(folder, "calibration-pairs.csv", SensitivityFiles.Pairs(Pairs), cancellationToken).ConfigureAwait(false),
        ];
    }
}
