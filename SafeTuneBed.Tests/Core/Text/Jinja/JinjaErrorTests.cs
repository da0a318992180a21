using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>What messages say and where they point.</summary>
public sealed class JinjaErrorTests
{
    [Theory]
    [InlineData("a\n{{ missing.x }}", 2, 11, "'missing' is undefined")]
    [InlineData("a\r\nb\r\n  {{ d['a']['b'] }}", 3, 12, "'dict object' has no attribute 'a'")]
    [InlineData("{% if x %}\n{{ 1 + }}", 2, 8, "'}}'")]
    [InlineData("{{ 'a' + 1 }}", 1, 8, "'+' is not defined for values of type str and int")]
    [InlineData("{{ 1 | nope }}", 1, 8, "there is no filter 'nope'")]
    [InlineData("{{ 1 is nope }}", 1, 6, "there is no test 'nope'")]
    [InlineData("{% nope %}", 1, 4, "there is no statement 'nope'")]
    [InlineData("{% include 'x' %}", 1, 4, "'include' is refused")]
    [InlineData("x\n{# a", 2, 1, "the comment has no end")]
    [InlineData("{{ 'abc }}", 1, 4, "the text has no end")]
    [InlineData("{{ ( ] }}", 1, 6, "']' stands where ')' should")]
    [InlineData("{{ d.update({}) }}", 1, 12, "'update' would change a dict")]
    [InlineData("{{ strftime_now('%Y') }}", 1, 16, "no clock was given")]
    [InlineData("{% for a, b in [1] %}{% endfor %}", 1, 8, "type int can't be looped over")]
    [InlineData("{% macro m(a) %}{% endmacro %}\n{{ m(1, 2) }}", 2, 5, "takes at most 1 argument(s), 2 given")]
    public void Template_WithAFault_NamesItsPlaceAndReason(string template, int line, int column, string reason)
    {
        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => JinjaRendering.Render(template, "d", new Dictionary<string, object?>()));

        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (fault.Line, fault.Column));
        Assert.Contains($"'test', line {line}, column {column}: ", fault.Message, StringComparison.Ordinal);
        Assert.Equal("test", fault.Template);
        Assert.False(fault.IsRaisedByTemplate);
        Assert.Null(fault.RaisedText);
    }

    [Fact]
    public void RaiseException_OfTheTemplate_IsFlaggedAndKeepsItsText()
    {
        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => JinjaRendering.Render("\n {{ raise_exception('Roles must ' ~ 'alternate') }}"));

        Assert.True(fault.IsRaisedByTemplate);
        Assert.Equal("Roles must alternate", fault.RaisedText);
        Assert.Equal(2, fault.Line);
        Assert.Contains("refuses this conversation: 'Roles must alternate'.", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{{ raise_exception('Bad: ' + c) }}")]
    [InlineData("{{ d[c].x }}")]
    [InlineData("{{ d[c]() }}")]
    [InlineData("{{ c.nope.x }}")]
    [InlineData("{{ c | attr(c) + 1 }}")]
    [InlineData("{{ c | int + c }}")]
    [InlineData("{{ c - 1 }}")]
    [InlineData("{{ [c] | map(c) | list }}")]
    [InlineData("{{ [c] | select(c) | list }}")]
    [InlineData("{{ c | round }}")]
    [InlineData("{{ namespace(**{c: 1})[c].x }}{{ namespace()[c].x }}")]
    [InlineData("{{ range(**{c: 1}) }}")]
    [InlineData("{{ c | replace(**{c: 1}) }}")]
    [InlineData("{{ c | trim(**{c: 1}) }}")]
    [InlineData("{% macro m() %}{% endmacro %}{{ m(**{c: 1}) }}")]
    public void Fault_AboutAMessage_DoesNotQuoteIt(string template)
    {
        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => JinjaTemplate.Parse(template, "test").Render(
            new Dictionary<string, object?> { ["c"] = new TextSegment("SECRET", false), ["d"] = new Dictionary<string, object?>() }, clock: new FixedClock(DateTimeOffset.UnixEpoch)));

        Assert.DoesNotContain("SECRET", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%Y-%m-%d", "2024-03-05")]
    [InlineData("%d %b %Y", "05 Mar 2024")]
    [InlineData("%B %-d, %Y", "March 5, 2024")]
    [InlineData("%A %a %j %H:%M:%S %I%p %y", "Tuesday Tue 065 07:08:09 07AM 24")]
    [InlineData("%e|%%|%F|%T|%w|%u|%U|%V", " 5|%|2024-03-05|07:08:09|2|2|09|10")]
    [InlineData("", "")]
    [InlineData("%", "%")]
    public void StrftimeNow_WithAClock_TellsItsTime(string format, string text)
    {
        var clock = new FixedClock(new DateTimeOffset(2024, 3, 5, 7, 8, 9, TimeSpan.Zero));

        string got = JinjaRendering.Join(JinjaTemplate.Parse("{{ strftime_now(f) }}", "test").Render(new Dictionary<string, object?> { ["f"] = format }, clock: clock));

        Assert.Equal(text, got);
    }

    [Fact]
    public void StrftimeNow_WithoutAClock_IsUndefinedSoThatTemplatesFallBack() =>
        Assert.Equal("26 Jul 2024", JinjaRendering.Render("{% if strftime_now is defined %}{{ strftime_now('%d %b %Y') }}{% else %}26 Jul 2024{% endif %}"));

    [Fact]
    public void Variables_OfEveryKind_AreReadAsTheirPythonCounterparts()
    {
        object?[] values = [null, true, 1, 2L, (byte)3, 1.5f, 2.5, 0.25m, "a", new TextSegment("b", true), new[] { 1, 2 }, new Dictionary<string, object?> { ["k"] = new List<string> { "v" } },
            System.Text.Json.JsonDocument.Parse("""{"a": [1, 1.0, "x", null, false]}""").RootElement];

        Assert.Equal("[None, True, 1, 2, 3, 1.5, 2.5, 0.25, 'a', 'b', [1, 2], {'k': ['v']}, {'a': [1, 1.0, 'x', None, False]}]", JinjaRendering.Render("{{ values }}", "values", values));
        Assert.Throws<ArgumentException>(() => JinjaRendering.Render("", "x", new object()));
    }
}
