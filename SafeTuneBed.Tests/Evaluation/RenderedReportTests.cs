using System.Diagnostics;
using System.Globalization;
using SafeTuneBed.Reporting;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Evaluation;

/// <summary>The reports in the programs that show them, where these are named: SAFETUNEBED_CHROMIUM and SAFETUNEBED_LATEX hold their paths.</summary>
public sealed class RenderedReportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("safetunebed-rendered-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task HtmlPage_InABrowserWithoutNetwork_SortsAndBlursAndRequestsNothing()
    {
        string program = Program("SAFETUNEBED_CHROMIUM", "a Chromium");
        GridReport report = ReportFixture.Create(samples: row => [.. Enumerable.Range(0, 45).Select(i => new ReportSample { Evaluator = "e", ItemId = $"{i}", Prompt = $"ask {i}", Answer = $"{row.Method} <b>{i}</b>" })]);
        string file = Path.Combine(folder, "report.html");
        await File.WriteAllTextAsync(file, HtmlPage.Render(report), Token);
        await using Browser browser = await Browser.OpenAsync(program, file, Token);

        string[][] rows = await browser.EvaluateAsync<string[][]>(Cells, Token);
        Assert.Equal(report.ToTable().Rows, rows);
        int column = report.ToTable().Headings.ToList().FindIndex(h => h.StartsWith("attack success", StringComparison.Ordinal));
        foreach ((string order, int sign) in new[] { ("ascending", 1), ("descending", -1) })
        {
            Assert.Equal(order, await browser.EvaluateAsync<string>($"{{ const head = document.querySelector('table').tHead.rows[0].cells[{column}]; head.firstChild.click(); head.getAttribute('aria-sort') }}", Token));
            double[] values = [.. (await browser.EvaluateAsync<string[][]>(Cells, Token)).Select(r => double.Parse(r[column].Split(' ')[0], CultureInfo.InvariantCulture))];
            Assert.Equal(values.OrderBy(v => sign * v), values);
            Assert.Equal(report.Rows.Count, values.Length);
        }

        // Twenty answers at a time, each with its prompt, as text and not to be read until they are pressed.
        const string blurred = "[...document.querySelectorAll('.said')].map(e => getComputedStyle(e).filter.startsWith('blur'))";
        Assert.Equal(Enumerable.Repeat(true, 40), await browser.EvaluateAsync<bool[]>(blurred, Token));
        Assert.Equal("none <b>0</b>", await browser.EvaluateAsync<string>("document.querySelectorAll('.said')[1].textContent", Token));
        await browser.EvaluateAsync<object?>("document.querySelectorAll('.said')[1].click()", Token);
        Assert.Equal([true, false, true], (await browser.EvaluateAsync<bool[]>(blurred, Token)).Take(3));
        await browser.EvaluateAsync<object?>("document.getElementById('next').click(); document.getElementById('next').click()", Token);
        Assert.Equal("41 to 45 of 45", await browser.EvaluateAsync<string>("document.getElementById('found').textContent", Token));

        Assert.Empty(browser.Faults);
        Assert.All(browser.Requested, r => Assert.True(r == new Uri(file).AbsoluteUri || r.StartsWith("data:", StringComparison.Ordinal), r));
        Assert.Contains(new Uri(file).AbsoluteUri, browser.Requested);
    }

    [Fact]
    public async Task LatexReport_Compiled_GivesADocumentWithoutOverfullTables()
    {
        string program = Program("SAFETUNEBED_LATEX", "a LaTeX engine, such as pdflatex");
        IReadOnlyList<string> files = await new LatexReportWriter().WriteAsync(ReportFixture.Create(name: "a_b & {c} % [d] é 中"), folder, Token);
        Assert.Equal(2, files.Count);
        for (int run = 0; run < 2; run++)
        {
            var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in Path.GetFileNameWithoutExtension(program) == "tectonic" ? new[] { "report.tex" } : ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "report.tex"])
            {
                start.ArgumentList.Add(argument);
            }

            using Process compiler = Process.Start(start)!;
            Task<string> output = compiler.StandardOutput.ReadToEndAsync(Token), errors = compiler.StandardError.ReadToEndAsync(Token);
            await compiler.WaitForExitAsync(Token);
            Assert.True(compiler.ExitCode == 0, await output + await errors);
        }

        Assert.True(new FileInfo(Path.Combine(folder, "report.pdf")).Length > 10_000);
    }

    private const string Cells = "[...document.querySelector('table').tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent))";

    private static string Program(string variable, string what)
    {
        string? program = Environment.GetEnvironmentVariable(variable);
        Assert.SkipWhen(string.IsNullOrEmpty(program), $"{variable} names no program: give it the path of {what}.");
        return program!;
    }
}
