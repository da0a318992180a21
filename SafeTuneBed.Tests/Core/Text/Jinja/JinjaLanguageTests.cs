using System.Text.Json;
using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>
/// The language against the original: language_cases.json holds templates written for this purpose and what Jinja2 3.1.6 makes of them
/// (ImmutableSandboxedEnvironment, trim_blocks, lstrip_blocks, loop controls, the tojson of Hugging Face), or that it fails.
/// </summary>
public sealed class JinjaLanguageTests
{
    private static readonly JsonElement File = JsonDocument.Parse(System.IO.File.ReadAllText(
        Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Core", "Text", "Jinja", "language_cases.json"))).RootElement;

    public static TheoryData<string> Groups => [.. File.GetProperty("cases").EnumerateArray().Select(item => item.GetProperty("group").GetString()!).Distinct()];

    [Theory]
    [MemberData(nameof(Groups))]
    public void Template_RecordedFromJinja2_RendersTheSame(string group)
    {
        Dictionary<string, object?> variables = JinjaRendering.Members(File.GetProperty("variables"));
        List<string> differences = [];
        foreach (JsonElement item in File.GetProperty("cases").EnumerateArray().Where(item => item.GetProperty("group").GetString() == group))
        {
            string template = item.GetProperty("template").GetString()!;
            string? wanted = item.TryGetProperty("rendered", out JsonElement rendered) ? rendered.GetString() : null;
            string? got = null;
            string fault = "";
            try
            {
                got = JinjaRendering.Join(JinjaTemplate.Parse(template, "case").Render(variables));
            }
            catch (ChatTemplateException exception)
            {
                fault = exception.Message;
            }

            if (got != wanted)
            {
                differences.Add($"{template}\n    wanted {wanted ?? "an error"}\n    got    {got ?? fault}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count} differ:\n{string.Join('\n', differences)}");
    }
}
