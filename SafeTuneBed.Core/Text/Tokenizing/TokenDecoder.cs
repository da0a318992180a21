using System.Globalization;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>One step from token texts back to text: a list of texts to a list of texts, joined at the end.</summary>
internal abstract class TokenDecoder
{
    private static readonly Dictionary<string, Func<JsonComponent, TokenDecoder>> Readers = new(StringComparer.Ordinal)
    {
        ["Sequence"] = json => new SequenceDecoder([.. json.Children("decoders").Select(Read)]),
        ["ByteLevel"] = _ => new ByteLevelDecoder(),
        ["Replace"] = json => new ReplaceDecoder(TextPattern.Read(json), json.Text("content")),
        ["ByteFallback"] = _ => new ByteFallbackDecoder(),
        ["Fuse"] = _ => new FuseDecoder(),
        ["Strip"] = json => new StripDecoder(ReadCharacter(json), json.Id("start"), json.Id("stop")),
        ["Metaspace"] = json => new MetaspaceDecoder(MetaspacePreTokenizer.ReadReplacement(json), MetaspacePreTokenizer.ReadScheme(json) != "never"),
    };

    public static TokenDecoder Read(JsonComponent json) =>
        json.Text("type") is var type && Readers.TryGetValue(type, out var reader) ? reader(json) : throw json.UnknownType("Decoder", type, Readers.Keys);

    public abstract List<string> Apply(List<string> tokens);

    private static Rune ReadCharacter(JsonComponent json) =>
        json.Text("content") is { Length: > 0 } text && Rune.GetRuneAt(text, 0) is var rune && rune.Utf16SequenceLength == text.Length
            ? rune
            : throw json.Fault("content", "must be one character");
}

internal sealed class SequenceDecoder(IReadOnlyList<TokenDecoder> parts) : TokenDecoder
{
    public override List<string> Apply(List<string> tokens) => parts.Aggregate(tokens, (current, part) => part.Apply(current));
}

/// <summary>The bytes of all tokens as UTF-8; what is broken becomes U+FFFD, one for each longest beginning of a character.</summary>
internal sealed class ByteLevelDecoder : TokenDecoder
{
    public override List<string> Apply(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (string token in tokens)
        {
            ByteLevelAlphabet.AppendBytes(token, bytes);
        }

        return [Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes))];
    }
}

internal sealed class ReplaceDecoder(TextPattern pattern, string content) : TokenDecoder
{
    private readonly ReplaceNormalizer replace = new(pattern, content);

    public override List<string> Apply(List<string> tokens) =>
        tokens.ConvertAll(t => replace.Apply(new MarkedText(t, null, true), TextStart.Beginning).Text);
}

/// <summary>Runs of byte tokens (<c>&lt;0x0A&gt;</c>) as UTF-8; of a run that isn't valid as a whole each byte becomes U+FFFD.</summary>
internal sealed class ByteFallbackDecoder : TokenDecoder
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public override List<string> Apply(List<string> tokens)
    {
        var result = new List<string>(tokens.Count);
        var bytes = new List<byte>();
        foreach (string token in tokens)
        {
            if (ByteOf(token) is { } value)
            {
                bytes.Add(value);
            }
            else
            {
                Flush(bytes, result);
                result.Add(token);
            }
        }

        Flush(bytes, result);
        return result;
    }

    private static byte? ByteOf(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
        && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value) ? value : null;

    private static void Flush(List<byte> bytes, List<string> result)
    {
        if (bytes.Count == 0)
        {
            return;
        }

        byte[] run = [.. bytes];
        bytes.Clear();
        result.Add(System.Text.Unicode.Utf8.IsValid(run) ? Strict.GetString(run) : new string('\uFFFD', run.Length));
    }
}

internal sealed class FuseDecoder : TokenDecoder
{
    public override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
}

/// <summary>Takes up to so many of one character from the ends of each text.</summary>
internal sealed class StripDecoder(Rune character, int start, int stop) : TokenDecoder
{
    private readonly string text = character.ToString();

    public override List<string> Apply(List<string> tokens) => tokens.ConvertAll(Strip);

    private string Strip(string token)
    {
        int from = 0, to = token.Length;
        for (int i = 0; i < start && string.CompareOrdinal(token, from, text, 0, text.Length) == 0 && from < to; i++)
        {
            from += text.Length;
        }

        for (int i = 0; i < stop && to - text.Length >= from && string.CompareOrdinal(token, to - text.Length, text, 0, text.Length) == 0; i++)
        {
            to -= text.Length;
        }

        return token[from..to];
    }
}

/// <summary>SentencePiece's blanks back; those of the first token are dropped where encoding puts one in front.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool dropsFirst) : TokenDecoder
{
    public override List<string> Apply(List<string> tokens) =>
        [.. tokens.Select((token, index) => token.Replace(replacement, index == 0 && dropsFirst ? "" : " ", StringComparison.Ordinal))];
}
