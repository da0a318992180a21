using System.IO.Compression;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>Unicode's normalization form C (UAX 15).</summary>
/// <remarks>Own code, because <see cref="string.Normalize()"/> changes nothing in a process that runs without ICU, and a tokenizer must give the same ids everywhere.</remarks>
internal static class CanonicalComposition
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, byte> Classes = [];

    /// <summary>Units that may change, or join what stands before them.</summary>
    private static readonly bool[] Active = new bool[0x10000];

    static CanonicalComposition()
    {
        using var deflated = new DeflateStream(new MemoryStream(Convert.FromBase64String(CanonicalCompositionData.Deflated)), CompressionMode.Decompress);
        using var reader = new BinaryReader(deflated);
        int codePoint = 0;
        for (int count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            codePoint += reader.Read7BitEncodedInt();
            int first = reader.Read7BitEncodedInt();
            int second = reader.Read7BitEncodedInt();
            Decompositions.Add(codePoint, (first, second >> 1));
            if ((second & 1) != 0)
            {
                Compositions.Add((first, second >> 1), codePoint);
            }
        }

        codePoint = 0;
        for (int count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            codePoint += reader.Read7BitEncodedInt();
            int last = codePoint + reader.Read7BitEncodedInt();
            byte value = (byte)reader.Read7BitEncodedInt();
            for (; codePoint <= last; codePoint++)
            {
                Classes.Add(codePoint, value);
            }

            codePoint = last;
        }

        foreach (int active in Decompositions.Keys.Concat(Classes.Keys).Concat(Compositions.Keys.Select(k => k.Second)).Where(c => c < Active.Length))
        {
            Active[active] = true;
        }

        Active.AsSpan(VowelBase, VowelCount).Fill(true);
        Active.AsSpan(TrailBase, TrailCount).Fill(true);
        Active.AsSpan(HangulBase, HangulCount).Fill(true);
        Active.AsSpan(0xD800, 0x800).Fill(true);
    }

    public static string Compose(string text) => Compose(new MarkedText(text, null, true)).Text;

    /// <summary>Composes; a composed character is template text when all that went into it is.</summary>
    public static MarkedText Compose(MarkedText marked)
    {
        // Nothing below U+0300 is changed by composition, unless a mark follows it.
        string text = marked.Text;
        int next = text.AsSpan().IndexOfAnyInRange('\u0300', '\uFFFF');
        if (next < 0)
        {
            return marked;
        }

        var result = new StringBuilder(text.Length);
        List<bool>? marks = marked.Marks is null ? null : [];
        var run = new List<(int CodePoint, byte Class)>();
        int done = 0;
        while (done < text.Length)
        {
            // A unit that nothing changes and that joins nothing before it begins a run; each run is composed by itself.
            int end = done + 1;
            while (end < text.Length && Active[text[end]])
            {
                end++;
            }

            if (end - done == 1 && !Active[text[done]])
            {
                result.Append(text[done]);
            }
            else
            {
                AppendComposed(text.AsSpan(done, end - done), run, result);
            }

            if (marks is not null)
            {
                bool mark = marked.IsTemplate(done, end);
                marks.AddRange(Enumerable.Repeat(mark, result.Length - marks.Count));
            }

            done = end;
        }

        return new MarkedText(result.ToString(), marks is null ? null : [.. marks], marked.Uniform);
    }

    private static void AppendComposed(ReadOnlySpan<char> text, List<(int CodePoint, byte Class)> run, StringBuilder result)
    {
        run.Clear();
        foreach (Rune rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, run);
        }

        Sort(run);
        int starter = -1, kept = 0;
        byte lastClass = 0;
        for (int i = 0; i < run.Count; i++)
        {
            (int codePoint, byte combining) = run[i];
            bool blocked = kept > starter + 1 && (lastClass >= combining || lastClass == 0);
            if (starter >= 0 && !blocked && Pair(run[starter].CodePoint, codePoint) is { } composed)
            {
                run[starter] = (composed, 0);
                continue;
            }

            if (combining == 0)
            {
                starter = kept;
            }

            lastClass = combining;
            run[kept++] = (codePoint, combining);
        }

        for (int i = 0; i < kept; i++)
        {
            result.Append(new Rune(run[i].CodePoint).ToString());
        }
    }

    private static void Decompose(int codePoint, List<(int CodePoint, byte Class)> run)
    {
        if (codePoint is >= HangulBase and < HangulBase + HangulCount)
        {
            int index = codePoint - HangulBase;
            run.Add((LeadBase + (index / (VowelCount * TrailCount)), 0));
            run.Add((VowelBase + (index / TrailCount % VowelCount), 0));
            if (index % TrailCount > 0)
            {
                run.Add((TrailBase + (index % TrailCount), 0));
            }
        }
        else if (Decompositions.TryGetValue(codePoint, out var parts))
        {
            Decompose(parts.First, run);
            if (parts.Second != 0)
            {
                Decompose(parts.Second, run);
            }
        }
        else
        {
            run.Add((codePoint, Classes.GetValueOrDefault(codePoint)));
        }
    }

    /// <summary>Orders marks between starters by class, keeping the order of equals.</summary>
    private static void Sort(List<(int CodePoint, byte Class)> run)
    {
        int start = 0;
        while (start < run.Count)
        {
            int end = start;
            while (end < run.Count && run[end].Class != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var ordered = run.GetRange(start, end - start).OrderBy(r => r.Class).ToList();
                for (int i = 0; i < ordered.Count; i++)
                {
                    run[start + i] = ordered[i];
                }
            }

            start = end + 1;
        }
    }

    private static int? Pair(int first, int second)
    {
        if (first is >= LeadBase and < LeadBase + LeadCount && second is >= VowelBase and < VowelBase + VowelCount)
        {
            return HangulBase + ((((first - LeadBase) * VowelCount) + second - VowelBase) * TrailCount);
        }

        if (first is >= HangulBase and < HangulBase + HangulCount && (first - HangulBase) % TrailCount == 0 && second is > TrailBase and < TrailBase + TrailCount)
        {
            return first + second - TrailBase;
        }

        return Compositions.TryGetValue((first, second), out int composed) ? composed : null;
    }
}
