using CsCheck;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>Whatever stands in a template file, reading and rendering it ends with a text or a <see cref="ChatTemplateException"/>.</summary>
public sealed class JinjaFuzzTests
{
    private static readonly JinjaLimits Small = new() { MaxSteps = 20_000, MaxLength = 100_000 };

    private static readonly string[] Pieces =
    [
        "{{", "}}", "{%", "%}", "{{-", "-}}", "{%-", "-%}", "+%}", "{#", "#}", " ", " ", " ", "\n", "\\", "'", "\"", "'a'", "1", "0", "-1", "2.5", "1e400", "9223372036854775807", "0x", "é", "\ud83d", "\ude00", "\0",
        "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", "<=", ">", ">=", "=", ".", ",", ":", "|", ";", "!",
        "if", "else", "elif", "endif", "for", "in", "endfor", "set", "endset", "macro", "endmacro", "call", "endcall", "filter", "endfilter", "with", "endwith", "raw", "endraw", "generation", "endgeneration",
        "break", "continue", "recursive", "and", "or", "not", "is", "true", "none", "loop", "messages", "m", "x", "ns", "role", "content", "namespace", "range", "dict", "cycler", "joiner", "raise_exception", "caller", "varargs", "kwargs",
        "defined", "string", "upper", "trim", "join", "length", "list", "map", "select", "selectattr", "sort", "unique", "tojson", "replace", "split", "strip", "format", "items", "batch", "slice", "groupby", "round", "int", "float",
        "{% if x %}", "{% endif %}", "{% for m in messages %}", "{% endfor %}", "{{ x }}", "{% set x = ", "|join(", "|map(", ".split(", "[::-1]", "%s",
    ];

    private static readonly string[] Templates =
    [
        "{%- if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim %}{% set rest = messages[1:] %}{% else %}{% set system = '' %}{% set rest = messages %}{% endif %}"
            + "{% for m in rest %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('alternate!') }}{% endif %}{{ '<|' + m['role'] + '|>\n' + m['content'].strip() }}{% endfor %}",
        "{%- set ns = namespace(last=messages | length - 1, found=false) %}{% for m in messages[::-1] %}{% set i = (messages | length - 1) - loop.index0 %}{% if not ns.found and m.role == 'user' %}"
            + "{% set ns.last = i %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.last }}{% for m in messages %}{{ m.content.split('</t>')[-1].lstrip('\n') ~ (loop.previtem | default({})).role }}{% endfor %}",
        "{% macro show(v, depth=0) %}{% if v is mapping %}{ {% for k, w in v | dictsort %}{{ k }}: {{ show(w, depth + 1) }}{{ ', ' if not loop.last }}{% endfor %} }"
            + "{% elif v is sequence and v is not string %}[{% for w in v %}{{ show(w) }},{% endfor %}]{% else %}{{ v | tojson(indent=2) }}{% endif %}{% endmacro %}{{ show(messages) }}{% call(x) show(1) %}{{ x }}{% endcall %}",
        "{% filter upper %}a{% for m in messages if m.role != 'x' %}{{ '%-5s|%03d' % (m.role, loop.index) }}{% if loop.last %}{% break %}{% endif %}{% else %}none{% endfor %}{% endfilter %}{# c #}{% raw %}{{ }}{% endraw %}"
            + "{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join(', ') | title | replace('H', 'J') | indent(2) | wordcount }}{{ '{:>5}'.format(1) }}{% generation %}x{% endgeneration %}",
    ];

    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["messages"] = new[]
        {
            new Dictionary<string, object?> { ["role"] = "user", ["content"] = "Hello \ud83d\ude00 </t>\n there" },
            new Dictionary<string, object?> { ["role"] = "assistant", ["content"] = " yes\u3000" },
        },
        ["x"] = new object?[] { 1, 2.5, "a", null, true },
        ["add_generation_prompt"] = true,
    };

    [Fact]
    public void Template_OfRandomPieces_FailsOnlyWithItsOwnException() =>
        Check.Sample(Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 40], pieces => Try(string.Concat(pieces)), iter: 20_000);

    [Fact]
    public void Template_OfRandomPiecesInATag_FailsOnlyWithItsOwnException() =>
        Check.Sample(Gen.Int[30, Pieces.Length - 1].Select(i => Pieces[i]).Array[0, 12], pieces => Try($"{{{{ {string.Join(' ', pieces)} }}}}"), iter: 20_000);

    [Fact]
    public void Template_OfRandomCharacters_FailsOnlyWithItsOwnException() => Check.Sample(Gen.String[Gen.Char, 0, 60], text =>
    {
        Try(text);
        Try("{{ " + text);
        Try("{% " + text + " %}");
    }, iter: 5_000);

    [Fact]
    public void Template_Mutated_FailsOnlyWithItsOwnException() => Check.Sample(
        Gen.Select(Gen.Int[0, Templates.Length - 1], Gen.Select(Gen.Int[0, 3], Gen.Double[0, 1], Gen.Int[0, 12], Gen.Int[0, Pieces.Length - 1]).Array[1, 6]),
        (which, changes) => Try(changes.Aggregate(Templates[which], (text, change) => Mutate(text, change.Item1, change.Item2, change.Item3, change.Item4))), iter: 20_000);

    [Fact]
    public void Template_Unmutated_Renders() =>
        Assert.All(Templates[..3], template => Assert.NotEmpty(JinjaTemplate.Parse(template.Replace("{% call(x) show(1) %}{{ x }}{% endcall %}", "", StringComparison.Ordinal), "fuzz").Render(Variables)));

    private static string Mutate(string text, int kind, double where, int length, int piece)
    {
        int at = (int)(where * text.Length);
        int end = Math.Min(text.Length, at + length);
        return kind switch
        {
            0 => text.Remove(at, end - at),
            1 => text.Insert(at, Pieces[piece]),
            2 => text.Insert(at, text[at..end]),
            _ => text.Remove(at, end - at).Insert(at, Pieces[piece]),
        };
    }

    private static void Try(string template)
    {
        try
        {
            JinjaRendering.Join(JinjaTemplate.Parse(template, "fuzz").Render(Variables, Small, new FixedClock(DateTimeOffset.UnixEpoch)));
        }
        catch (ChatTemplateException fault)
        {
            Assert.StartsWith("Chat template 'fuzz'", fault.Message, StringComparison.Ordinal);
        }
    }
}
