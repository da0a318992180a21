using System.Collections.Frozen;

namespace SafeTuneBed.Text.Jinja;

/// <summary>A filter: the value before the bar, the arguments behind the name.</summary>
internal delegate JinjaValue Filter(Evaluator evaluator, JinjaValue input, CallArguments arguments);

/// <summary>The filters by name.</summary>
internal static class FilterTable
{
    // Of Jinja, but for web pages or without a repeatable result.
    private static readonly HashSet<string> Unsupported = ["filesizeformat", "forceescape", "pprint", "random", "striptags", "urlencode", "urlize", "wordwrap", "xmlattr"];

    private static readonly FrozenDictionary<string, Filter> Filters = new Dictionary<string, Filter>
    {
        ["abs"] = NumberFilters.Abs,
        ["attr"] = SequenceFilters.Attr,
        ["batch"] = SequenceFilters.Batch,
        ["capitalize"] = (evaluator, input, arguments) => CaseMapping.Capitalize(TextFilters.Text(evaluator, input, arguments), evaluator.Budget),
        ["center"] = TextFilters.Center,
        ["count"] = SequenceFilters.Length,
        ["d"] = SequenceFilters.Default,
        ["default"] = SequenceFilters.Default,
        ["dictsort"] = SortingFilters.DictSort,
        ["e"] = TextFilters.Escape,
        ["escape"] = TextFilters.Escape,
        ["first"] = SequenceFilters.First,
        ["float"] = NumberFilters.Float,
        ["format"] = TextFilters.Format,
        ["groupby"] = SortingFilters.GroupBy,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Int,
        ["items"] = SequenceFilters.Items,
        ["join"] = SequenceFilters.Join,
        ["last"] = SequenceFilters.Last,
        ["length"] = SequenceFilters.Length,
        ["list"] = (evaluator, input, arguments) => SequenceFilters.ToList(evaluator, SequenceFilters.NoArguments(input, arguments)),
        ["lower"] = (evaluator, input, arguments) => CaseMapping.Lower(TextFilters.Text(evaluator, input, arguments), evaluator.Budget),
        ["map"] = SelectingFilters.Map,
        ["max"] = (evaluator, input, arguments) => SortingFilters.Extreme(evaluator, input, arguments, 1),
        ["min"] = (evaluator, input, arguments) => SortingFilters.Extreme(evaluator, input, arguments, -1),
        ["reject"] = (evaluator, input, arguments) => SelectingFilters.Select(evaluator, input, arguments, false, false),
        ["rejectattr"] = (evaluator, input, arguments) => SelectingFilters.Select(evaluator, input, arguments, false, true),
        ["replace"] = TextFilters.Replace,
        ["reverse"] = SequenceFilters.Reverse,
        ["round"] = NumberFilters.Round,
        ["safe"] = (evaluator, input, arguments) => TextFilters.Text(evaluator, input, arguments),
        ["select"] = (evaluator, input, arguments) => SelectingFilters.Select(evaluator, input, arguments, true, false),
        ["selectattr"] = (evaluator, input, arguments) => SelectingFilters.Select(evaluator, input, arguments, true, true),
        ["slice"] = SequenceFilters.Slice,
        ["sort"] = SortingFilters.Sort,
        ["string"] = (evaluator, input, arguments) => TextFilters.Text(evaluator, input, arguments),
        ["sum"] = NumberFilters.Sum,
        ["title"] = (evaluator, input, arguments) => CaseMapping.TitleFilter(TextFilters.Text(evaluator, input, arguments), evaluator.Budget),
        ["tojson"] = JsonFilter.Apply,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = SelectingFilters.Unique,
        ["upper"] = (evaluator, input, arguments) => CaseMapping.Upper(TextFilters.Text(evaluator, input, arguments), evaluator.Budget),
        ["wordcount"] = TextFilters.WordCount,
    }.ToFrozenDictionary();

    /// <summary>The filter, or a fault.</summary>
    public static Filter Find(string name) => Filters.TryGetValue(name, out Filter? filter) ? filter : throw new TemplateFault(Problem(name)!);

    /// <summary>The same for a name that is a value: a message's text is not shown.</summary>
    public static Filter Find(JinjaValue name) => StringMethods.RequireText(name, "the filter's name") is { HasContent: true } text && !Filters.ContainsKey(text.Text)
        ? throw new TemplateFault("there is no filter of the name that the message gives.")
        : Find(((StringValue)name).Text);

    /// <summary>Why there is no such filter, or null when there is one.</summary>
    public static string? Problem(string name) => Filters.ContainsKey(name) ? null
        : Unsupported.Contains(name) ? $"the filter '{name}' is not supported in chat templates."
        : $"there is no filter '{name}'. Correct its name.";
}
