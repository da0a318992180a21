namespace SafeTuneBed;

/// <summary>One format of a report that could not be written.</summary>
/// <param name="Format">The registered name of the format.</param>
/// <param name="Exception">What happened.</param>
public sealed record ReportFailure(string Format, Exception Exception);

/// <summary>Some formats of a report could not be written. The others were: see <see cref="Files"/>. The runs behind the report are not touched.</summary>
public sealed class ReportFailedException : SafeTuneBedException
{
    internal ReportFailedException(string report, IReadOnlyList<ReportFailure> failures, IReadOnlyList<string> files)
        : base(
            $"The report '{report}' could not be written as {string.Join(", ", failures.Select(f => f.Format))}: {string.Join(" ", failures.Select(f => f.Exception.Message).Distinct())} "
            + "The runs are complete and the report can be written again.",
            failures[0].Exception)
    {
        (Failures, Files) = (failures, files);
    }

    /// <summary>What failed.</summary>
    public IReadOnlyList<ReportFailure> Failures { get; }

    /// <summary>The files of the formats that succeeded.</summary>
    public IReadOnlyList<string> Files { get; }
}
