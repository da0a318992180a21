using System.Collections.Frozen;
using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>A test: <c>value is name(arguments)</c>.</summary>
internal delegate bool Test(Evaluator evaluator, JinjaValue value, CallArguments arguments);

/// <summary>The tests by name.</summary>
internal static class TestTable
{
    private static readonly FrozenDictionary<string, Test> Tests = Build().ToFrozenDictionary();

    /// <summary>The test, or a fault.</summary>
    public static Test Find(string name) => Tests.TryGetValue(name, out Test? test) ? test : throw new TemplateFault(Problem(name)!);

    /// <summary>The same for a name that is a value: a message's text is not shown.</summary>
    public static Test Find(JinjaValue name) => StringMethods.RequireText(name, "the test's name") is { HasContent: true } text && !Tests.ContainsKey(text.Text)
        ? throw new TemplateFault("there is no test of the name that the message gives.")
        : Find(((StringValue)name).Text);

    /// <summary>Why there is no such test, or null when there is one.</summary>
    public static string? Problem(string name) => Tests.ContainsKey(name) ? null
        : name == "escaped" ? "the test 'escaped' is not supported in chat templates." : $"there is no test '{name}'. Correct its name.";

    private static Dictionary<string, Test> Build()
    {
        Dictionary<string, Test> tests = new()
        {
            ["boolean"] = Kind(value => value is BooleanValue),
            ["callable"] = Kind(value => value is CallableValue or UndefinedValue),
            ["defined"] = Kind(value => value is not UndefinedValue),
            ["undefined"] = Kind(value => value is UndefinedValue),
            ["none"] = Kind(value => value is NoneValue),
            ["true"] = Kind(value => value is BooleanValue { IsTrue: true }),
            ["false"] = Kind(value => value is BooleanValue { IsTrue: false }),
            ["integer"] = Kind(value => value is IntegerValue),
            ["float"] = Kind(value => value is FloatValue),
            ["number"] = Kind(Numbers.IsNumber),
            ["string"] = Kind(value => value is StringValue),
            ["mapping"] = Kind(value => value is DictionaryValue),
            ["sequence"] = Kind(value => value is StringValue or DictionaryValue or UndefinedValue or SequenceValue { IsIndexable: true }),
            ["iterable"] = (evaluator, value, arguments) => Only(value, arguments).Iterate(evaluator.Budget) is not null,
            ["lower"] = (evaluator, value, arguments) => StringMethods.IsCase(TextFilters.Text(evaluator, value, arguments).Text, UnicodeCategory.LowercaseLetter),
            ["upper"] = (evaluator, value, arguments) => StringMethods.IsCase(TextFilters.Text(evaluator, value, arguments).Text, UnicodeCategory.UppercaseLetter),
            ["odd"] = (evaluator, value, arguments) => Remainder(evaluator, Only(value, arguments), 1),
            ["even"] = (evaluator, value, arguments) => Remainder(evaluator, Only(value, arguments), 0),
            ["divisibleby"] = (evaluator, value, arguments) =>
                Comparison.AreEqual(Arithmetic.Calculate("%", value, arguments.Bind(1, "num")[0]!, evaluator), new IntegerValue(0), evaluator.Budget),
            ["filter"] = (_, value, arguments) => FilterTable.Problem(StringMethods.RequireText(Only(value, arguments), "the filter's name").Text) is null,
            ["test"] = (_, value, arguments) => Problem(StringMethods.RequireText(Only(value, arguments), "the test's name").Text) is null,
            ["in"] = (evaluator, value, arguments) => Comparison.Contains(arguments.Bind(1, "seq")[0]!, value, evaluator.Budget),
            ["sameas"] = (evaluator, value, arguments) => arguments.Bind(1, "other")[0] is var other && (ReferenceEquals(value, other)
                || (value is StringValue or IntegerValue && value.TypeName == other!.TypeName && Comparison.AreEqual(value, other, evaluator.Budget))),
        };
        Add(["==", "eq", "equalto"], (evaluator, value, other) => Comparison.AreEqual(value, other, evaluator.Budget));
        Add(["!=", "ne"], (evaluator, value, other) => !Comparison.AreEqual(value, other, evaluator.Budget));
        Add(["<", "lt", "lessthan"], (evaluator, value, other) => Comparison.IsOrdered("<", value, other, evaluator.Budget));
        Add(["<=", "le"], (evaluator, value, other) => Comparison.IsOrdered("<=", value, other, evaluator.Budget));
        Add([">", "gt", "greaterthan"], (evaluator, value, other) => Comparison.IsOrdered(">", value, other, evaluator.Budget));
        Add([">=", "ge"], (evaluator, value, other) => Comparison.IsOrdered(">=", value, other, evaluator.Budget));
        return tests;

        void Add(string[] names, Func<Evaluator, JinjaValue, JinjaValue, bool> compare)
        {
            foreach (string name in names)
            {
                tests[name] = (evaluator, value, arguments) => compare(evaluator, value, arguments.Bind(1, "other")[0]!);
            }
        }
    }

    private static Test Kind(Func<JinjaValue, bool> holds) => (_, value, arguments) => holds(Only(value, arguments));

    private static JinjaValue Only(JinjaValue value, CallArguments arguments)
    {
        arguments.Bind(0);
        return value;
    }

    // Of a division by two.
    private static bool Remainder(Evaluator evaluator, JinjaValue value, long wanted) =>
        Comparison.AreEqual(Arithmetic.Calculate("%", value, new IntegerValue(2), evaluator), new IntegerValue(wanted), evaluator.Budget);
}
