using System.Diagnostics;
using SafeTuneBed.Text.Jinja;

namespace SafeTuneBed.Tests.Core.Text.Jinja;

/// <summary>Templates that mean harm end with a typed error, soon, and without filling the memory.</summary>
public sealed class JinjaLimitTests
{
    // No bound on speed: only far below what an unlimited rendering would take, which is days or the machine's memory.
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(1);

    // A fifth of the default: what is endless meets it as surely, and the list takes seconds.
    private static readonly JinjaLimits Small = new() { MaxSteps = 1_000_000 };

    public static TheoryData<string> Endless =>
    [
        "{{ 'a' * 10**9 }}",
        "{{ 'a' * 10**18 }}",
        "{{ [1] * 10**9 }}",
        "{{ range(10**12) }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s ~ '' %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('a', ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] | join(ns.s) %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s == ns.t }}",
        "{% set ns = namespace(s=[1], t=[1]) %}{% for i in range(60) %}{% set ns.s = [ns.s, ns.s] %}{% set ns.t = [ns.t, ns.t] %}{% endfor %}{{ ns.s < ns.t }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = {'a': ns.s, 'b': ns.s} %}{% endfor %}{{ ns.s | tojson }}",
        "{% set ns = namespace(s=[1]) %}{% for i in range(100000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace(s={}) %}{% for i in range(100000) %}{% set ns.s = {'a': ns.s} %}{% endfor %}{{ ns.s }}",
        "{% set ns = namespace() %}{% set ns.s = [ns] %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.s = ns %}{{ ns.s.s.s }}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g | map('string') %}{% endfor %}{{ ns.g | list }}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g | select %}{% endfor %}{{ ns.g | list }}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g | unique %}{% endfor %}{{ ns.g | first }}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g | batch(1) %}{% endfor %}{{ ns.g | list }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% filter upper %}{{ a() }}{% endfilter %}{% endmacro %}{{ a() }}",
        "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
        "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(9) %}{% set ns.g = ns.g * 100 %}{% endfor %}",
        "{{ 'a' | center(10**9) }}",
        "{{ 'a'.ljust(10**10) }}",
        "{{ 'a'.zfill(10**10) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '%99999999999999999999s' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ 'a' | indent(10**9, true) }}",
        "{{ ('a\n' * 100000) | indent('b' * 100000) }}",
        "{{ [[[[1]]]] | tojson(indent=10**9) }}",
        "{{ [1] | batch(10**9, 0) | list }}",
        "{{ [1] | slice(10**9) | list }}",
        "{{ 2 ** 10**9 }}",
        "{{ 10.0 ** 400 }}",
        "{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{{ ('a' * 1000000).replace('', 'b' * 1000000) }}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% if 'b' in s %}{% endif %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{{ s.strip('b') | length }}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s[1:] %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s | upper %}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{% for i in range(100000) %}{% set t = s == s ~ '' %}{% endfor %}",
        "{% set x = range(100000) | list %}{% for i in x %}{% if -1 in x %}{% endif %}{% endfor %}",
        "{% set x = range(100000) | list %}{% for i in x %}{% set y = x | sort %}{% endfor %}",
        "{% set x = range(100000) | list %}{% for i in x %}{% set y = x[::-1] %}{% endfor %}",
        "{% set x = range(100000) | list %}{% for i in x %}{% set y = dict(x | batch(2)) %}{% endfor %}",
        "{% set d = dict(range(100000) | batch(2)) %}{% for i in range(100000) %}{% set y = d.items() %}{% endfor %}",
    ];

    public static TheoryData<string> Nested =>
    [
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('(', 100_000),
        "{{ " + new string('[', 100_000) + new string(']', 100_000) + " }}",
        "{{ " + string.Concat(Enumerable.Repeat("{1:", 100_000)),
        "{{ " + string.Concat(Enumerable.Repeat("- ", 100_000)) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" ** 1", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" or 0", 100_000)) + " and 0 }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" | string", 100_000)) + " }}",
        "{{ a" + string.Concat(Enumerable.Repeat(".a", 100_000)) + " }}",
        "{{ a" + string.Concat(Enumerable.Repeat("[0]", 100_000)) + " }}",
        "{{ a" + string.Concat(Enumerable.Repeat("()", 100_000)) + " }}",
        "{{ a" + string.Concat(Enumerable.Repeat("(a", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", 100_000)) + " }}",
        string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000)) + string.Concat(Enumerable.Repeat("{% endif %}", 100_000)),
        string.Concat(Enumerable.Repeat("{% for a in b %}", 100_000)),
        string.Concat(Enumerable.Repeat("{% macro a() %}", 100_000)),
        string.Concat(Enumerable.Repeat("{% set a %}", 100_000)),
        "{% set " + new string('(', 100_000) + "a",
        "{% filter " + string.Concat(Enumerable.Repeat("string|", 100_000)) + "string %}{% endfilter %}",
        new string('a', 3_000_000),
    ];

    public static TheoryData<string> Unclosed =>
        ["{{", "{{ a", "{%", "{% if", "{% if a %}", "{% if a %}b", "{% for a in b %}", "{% macro a() %}", "{% set a %}", "{% call a() %}", "{% filter upper %}", "{% with a = 1 %}",
        "{% generation %}", "{% raw %}", "{#", "{{ 'a", "{{ \"a }}", "{{ (a }}", "{{ [a }}", "{{ {a }}", "{{ a( }}", "{% if a %}{% else %}", "{% for a in b %}{% else %}", "{{ 'a\\", "{{ a.", "{{ a|", "{{ a is", "{{ a[", "{{ a if", "{% set a =", "{% call(", "{% with a"];

    [Theory]
    [MemberData(nameof(Endless), DisableDiscoveryEnumeration = true)]
    public void Render_WithoutBound_IsStopped(string template) => AssertFault(() => JinjaTemplate.Parse(template, "hostile").Render(new Dictionary<string, object?>(), Small), template);

    [Theory]
    [MemberData(nameof(Nested), DisableDiscoveryEnumeration = true)]
    public void Template_NestedOrLongBeyondReason_IsRefused(string template) =>
        AssertFault(() => JinjaTemplate.Parse(template, "hostile").Render(new Dictionary<string, object?>()), template[..40]);

    [Theory]
    [MemberData(nameof(Unclosed))]
    public void Template_Unclosed_IsRefusedWithItsPlace(string template)
    {
        ChatTemplateException fault = Assert.Throws<ChatTemplateException>(() => JinjaTemplate.Parse(template, "hostile"));

        Assert.InRange(fault.Line, 1, 1);
        Assert.InRange(fault.Column, 1, template.Length + 1);
    }

    [Fact]
    public void Render_WithoutBoundUnderTheDefaultLimits_IsStopped() => AssertFault(
        () => JinjaTemplate.Parse("{% for a in range(100000) %}{% for b in range(100000) %}{{ a }}{% endfor %}{% endfor %}", "hostile").Render(new Dictionary<string, object?>()), "defaults");

    [Fact]
    public void Render_OnASmallStack_IsStoppedToo()
    {
        Exception? fault = null;
        Thread thread = new(() => fault = Record.Exception(() => JinjaTemplate.Parse("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "hostile").Render(
            new Dictionary<string, object?>(), new JinjaLimits { MaxDepth = int.MaxValue })), 256 * 1024);
        thread.Start();
        thread.Join();

        Assert.IsType<ChatTemplateException>(fault);
    }

    [Fact]
    public void Render_LongButHonest_IsNotStopped()
    {
        // 2,000 messages, and one of four million characters.
        object?[] messages = [.. Enumerable.Range(0, 2_000).Select(i => new Dictionary<string, object?> { ["role"] = "user", ["content"] = $"message {i}" })];
        const string Template = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] | trim + '</s>' }}{% endfor %}";

        string many = JinjaRendering.Render(Template, "messages", messages);
        string large = JinjaRendering.Render(Template, "messages", new[] { new Dictionary<string, object?> { ["role"] = "user", ["content"] = new string('x', 4_000_000) } });

        Assert.StartsWith("<|user|>message 0</s><|user|>message 1</s>", many, StringComparison.Ordinal);
        Assert.Equal(4_000_000 + "<|user|></s>".Length, large.Length);
    }

    [Theory]
    [InlineData("MaxSteps", "{% for i in range(9) %}{% endfor %}")]
    [InlineData("MaxLength", "12345678")]
    [InlineData("MaxItems", "{{ [1,2,3,4,5,6,7,8] }}")]
    [InlineData("MaxDepth", "{{ ((((((((1 + 1) + 1) + 1) + 1) + 1) + 1) + 1) + 1) }}")]
    public void Render_AtALimit_IsStoppedByThatLimit(string limit, string template)
    {
        JinjaLimits small = limit switch
        {
            "MaxSteps" => new JinjaLimits { MaxSteps = 7 },
            "MaxLength" => new JinjaLimits { MaxLength = 7 },
            "MaxItems" => new JinjaLimits { MaxItems = 7 },
            _ => new JinjaLimits { MaxDepth = 7 },
        };
        JinjaTemplate parsed = JinjaTemplate.Parse(template, "limited");

        Assert.NotNull(parsed.Render(new Dictionary<string, object?>()));
        Assert.Throws<ChatTemplateException>(() => parsed.Render(new Dictionary<string, object?>(), small));
    }

    private static void AssertFault(Action run, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch watch = Stopwatch.StartNew();
        Exception? fault = Record.Exception(run);
        watch.Stop();

        Assert.True(fault is ChatTemplateException or null, $"{what}: {fault?.GetType().Name}: {fault?.Message}");
        if (fault is null)
        {
            // One of the list is harmless: a namespace may hold itself as long as nobody prints it.
            Assert.Contains("ns.s.s.s", what, StringComparison.Ordinal);
        }

        Assert.True(watch.Elapsed < Soon, $"{what} took {watch.Elapsed}.");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4L << 30);
    }
}
