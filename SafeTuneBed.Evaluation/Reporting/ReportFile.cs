using System.Text;

namespace SafeTuneBed.Reporting;

/// <summary>Writes a text file whole: beside its place first, then renamed, so that nobody reads half a report.</summary>
internal static class ReportFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes UTF-8 without a byte order mark and returns the path.</summary>
    public static async Task<string> WriteAsync(string folder, string name, string text, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, name), beside = path + ".partial";
        try
        {
            await File.WriteAllTextAsync(beside, text, Utf8, cancellationToken).ConfigureAwait(false);
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }

        return path;
    }
}
