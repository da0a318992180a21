using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>Cuts text into the pieces that the model encodes one by one.</summary>
internal abstract class PreTokenizer
{
    private static readonly Dictionary<string, Func<JsonComponent, PreTokenizer>> Readers = new(StringComparer.Ordinal)
    {
        ["Sequence"] = json => new SequencePreTokenizer([.. json.Children("pretokenizers").Select(Read)]),
        ["ByteLevel"] = json => new ByteLevelPreTokenizer(json.Flag("add_prefix_space", true), json.Flag("use_regex", true)),
        ["Split"] = ReadSplit,
        ["Metaspace"] = MetaspacePreTokenizer.Read,
        ["Digits"] = json => new SplitPreTokenizer(
            new RunePattern(r => Rune.GetUnicodeCategory(r) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber),
            json.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
        ["Punctuation"] = json => new SplitPreTokenizer(new RunePattern(IsPunctuation), ReadBehavior(json, SplitBehavior.Isolated)),
        ["Whitespace"] = json => new SplitPreTokenizer(TextPattern.Expression(json.File, @"\w+|[^\w\s]+"), SplitBehavior.Removed, invert: true),
        ["WhitespaceSplit"] = _ => new SplitPreTokenizer(new RunePattern(Rune.IsWhiteSpace), SplitBehavior.Removed),
    };

    public static PreTokenizer Read(JsonComponent json) =>
        json.Text("type") is var type && Readers.TryGetValue(type, out var reader) ? reader(json) : throw json.UnknownType("Pre-tokenizer", type, Readers.Keys);

    /// <summary>Cuts or rewrites the pieces.</summary>
    public abstract void Apply(Pieces pieces);

    /// <summary>Whether <see cref="ApplyLast"/> leaves it to the model to write bytes as characters, which it then does only for pieces that it hasn't met.</summary>
    public virtual bool LeavesBytesToModel => false;

    /// <summary>As <see cref="Apply"/>, for the last step before the model.</summary>
    public virtual void ApplyLast(Pieces pieces) => Apply(pieces);

    private static PreTokenizer ReadSplit(JsonComponent json)
    {
        SplitBehavior behavior = ReadBehavior(json, null);
        bool invert = json.Flag("invert");
        string? expression = json.Child("pattern")?.OptionalText("Regex");
        return WordScanner.ForExpression(expression) is { } scanner && behavior == SplitBehavior.Isolated
            ? new ScanningPreTokenizer(scanner)
            : new SplitPreTokenizer(TextPattern.Read(json), behavior, invert);
    }

    private static SplitBehavior ReadBehavior(JsonComponent json, SplitBehavior? fallback)
    {
        string? name = json.OptionalText("behavior");
        return name is null && fallback is { } known ? known
            : Enum.GetNames<SplitBehavior>().Contains(name) ? Enum.Parse<SplitBehavior>(name!)
            : throw json.UnknownType("Split behavior", name ?? "", Enum.GetNames<SplitBehavior>());
    }

    private static bool IsPunctuation(Rune rune) =>
        (rune.IsAscii && (char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value))) || Rune.IsPunctuation(rune);
}

internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override bool LeavesBytesToModel => parts.Count > 0 && parts[^1].LeavesBytesToModel;

    public override void Apply(Pieces pieces)
    {
        foreach (PreTokenizer part in parts)
        {
            part.Apply(pieces);
        }
    }

    public override void ApplyLast(Pieces pieces)
    {
        for (int i = 0; i + 1 < parts.Count; i++)
        {
            parts[i].Apply(pieces);
        }

        if (parts.Count > 0)
        {
            parts[^1].ApplyLast(pieces);
        }
    }
}

/// <summary>Cuts with a scanner that covers the whole text.</summary>
internal sealed class ScanningPreTokenizer(WordScanner scanner) : PreTokenizer
{
    public override void Apply(Pieces pieces) => pieces.Cut(scanner.Cut);
}

/// <summary>GPT-2's pre-tokenizer: a blank in front if asked for, words, bytes as printable characters.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useExpression) : PreTokenizer
{
    public override bool LeavesBytesToModel => true;

    public override void Apply(Pieces pieces)
    {
        ApplyLast(pieces);
        pieces.Rewrite(static (text, _) => ByteLevelAlphabet.Encode(text));
    }

    public override void ApplyLast(Pieces pieces)
    {
        if (addPrefixSpace)
        {
            pieces.Rewrite(static (text, start) => start == TextStart.Joined || text.StartsWith(' ') ? text : " " + text);
        }

        if (useExpression)
        {
            pieces.Cut(WordScanner.Gpt2.Cut);
        }
    }
}

/// <summary>SentencePiece's blanks: each becomes the replacement character, and one is put in front by a scheme.</summary>
internal sealed class MetaspacePreTokenizer(string replacement, string scheme, bool split) : PreTokenizer
{
    private static readonly string[] Schemes = ["always", "first", "never"];

    public static new MetaspacePreTokenizer Read(JsonComponent json) => new(ReadReplacement(json), ReadScheme(json), json.Flag("split", true));

    /// <summary>The scheme of a Metaspace component; older files say it by <c>add_prefix_space</c>.</summary>
    public static string ReadScheme(JsonComponent json)
    {
        string scheme = json.OptionalText("prepend_scheme") ?? (json.Flag("add_prefix_space", true) ? "always" : "never");
        return Schemes.Contains(scheme) ? scheme : throw json.UnknownType("Prepend scheme", scheme, Schemes);
    }

    public static string ReadReplacement(JsonComponent json) =>
        json.Text("replacement") is { } text && text.EnumerateRunes().Count() == 1 ? text : throw json.Fault("replacement", "must be one character");

    public override void Apply(Pieces pieces)
    {
        pieces.Rewrite((text, start) =>
        {
            string marked = text.Replace(" ", replacement, StringComparison.Ordinal);
            bool prepend = start != TextStart.Joined && (scheme == "always" || (scheme == "first" && start == TextStart.Beginning));
            return prepend && !marked.StartsWith(replacement, StringComparison.Ordinal) ? replacement + marked : marked;
        });
        if (split)
        {
            pieces.Cut(new SplitPreTokenizer(TextPattern.Exactly(replacement), SplitBehavior.MergedWithNext).Cut);
        }
    }
}
