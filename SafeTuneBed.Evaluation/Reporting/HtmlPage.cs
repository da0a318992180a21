using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Fluid;

namespace SafeTuneBed.Reporting;

/// <summary>
/// A report as HTML. Everything that comes from names, data or models goes through the encoder; the page's policy lets only its own script run and loads
/// nothing, so that a text that got through could do nothing either.
/// </summary>
internal static class HtmlPage
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly ConcurrentDictionary<string, IFluidTemplate> Templates = new(StringComparer.Ordinal);

    /// <summary>The whole page, with charts and answers.</summary>
    public static string Render(GridReport report)
    {
        string script = Resource("HtmlPage.js");
        SampleView samples = SampleView.Of(report);
        return Render("HtmlPage.liquid", new Dictionary<string, object?>
        {
            ["name"] = report.Name,
            ["style"] = Resource("HtmlPage.css"),
            ["script"] = script,
            ["scriptHash"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script))),
            ["body"] = RenderBody(report),
            ["charts"] = SvgReportWriter.Charts(report).Select(c => new Dictionary<string, object?>
            {
                ["title"] = c.Title,
                ["data"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(c.Svg)),
            }).ToList(),
            ["hasSamples"] = samples.Shown > 0,
            ["samples"] = samples.ToJson(),
            ["samplesNote"] = samples.Note,
        });
    }

    /// <summary>Name, tables and sentences with their style, to stand inside another page, such as a notebook's.</summary>
    public static string RenderFragment(GridReport report) => $"<style>{Resource("HtmlPage.css")}</style>\n<div class=\"safetunebed\">\n{RenderBody(report)}</div>\n";

    private static string RenderBody(GridReport report) => Render("HtmlBody.liquid", new Dictionary<string, object?>
    {
        ["name"] = report.Name,
        ["schema"] = ReportRecord.SchemaVersion.ToString(CultureInfo.InvariantCulture),
        ["sections"] = ReportSection.Of(report).Select(s => new Dictionary<string, object?>
        {
            ["heading"] = s.Heading,
            ["isWarning"] = s.Heading == "Warnings",
            ["notes"] = s.Notes.ToList(),
            ["tables"] = s.Tables.Select(t => new Dictionary<string, object?>
            {
                ["title"] = t.Title,
                ["headings"] = t.Headings.Select((h, i) => Cell(h, t.IsNumeric[i])).ToList(),
                ["rows"] = t.Rows.Select(r => r.Select((c, i) => Cell(c, t.IsNumeric[i])).ToList()).ToList(),
            }).ToList(),
        }).ToList(),
    });

    private static Dictionary<string, object?> Cell(string text, bool isNumeric) => new() { ["text"] = text, ["kind"] = isNumeric ? "number" : "text" };

    private static string Render(string template, Dictionary<string, object?> values)
    {
        IFluidTemplate parsed = Templates.GetOrAdd(template, name => new FluidParser().Parse(Resource(name)));
        var context = new TemplateContext();
        foreach (var (name, value) in values)
        {
            context.SetValue(name, value);
        }

        return parsed.Render(context, Encoder).ReplaceLineEndings("\n");
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(HtmlPage).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"The resource '{name}' is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
