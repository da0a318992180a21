using System.Text.Json;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>Short ways to render in tests.</summary>
internal static class JinjaRendering
{
    /// <summary>The text of a template with variables given as name, value, name, value...</summary>
    public static string Render(string template, params object?[] variables) => Join(Segments(template, variables));

    /// <summary>The segments of the same.</summary>
    public static IReadOnlyList<TextSegment> Segments(string template, params object?[] variables) =>
        JinjaTemplate.Parse(template, "test").Render(Enumerable.Range(0, variables.Length / 2).ToDictionary(i => (string)variables[2 * i]!, i => variables[(2 * i) + 1]));

    /// <summary>All text; checks on the way that no segment is empty and that neighbors differ.</summary>
    public static string Join(IReadOnlyList<TextSegment> segments)
    {
        Assert.All(segments, segment => Assert.NotEmpty(segment.Text));
        Assert.All(segments.Zip(segments.Skip(1)), pair => Assert.NotEqual(pair.First.IsTemplate, pair.Second.IsTemplate));
        return string.Concat(segments.Select(segment => segment.Text));
    }

    /// <summary>Content in brackets: what came from messages.</summary>
    public static string Marked(IReadOnlyList<TextSegment> segments) => string.Concat(segments.Select(segment => segment.IsTemplate ? segment.Text : $"[{segment.Text}]"));

    /// <summary>The members of a JSON object.</summary>
    public static Dictionary<string, object?> Members(JsonElement element) => element.EnumerateObject().ToDictionary(property => property.Name, property => (object?)property.Value);
}
