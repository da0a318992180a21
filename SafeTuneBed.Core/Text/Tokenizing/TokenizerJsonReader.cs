using System.Text.Json;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>Reads <c>tokenizer.json</c>, the file of the Hugging Face tokenizers library.</summary>
internal static class TokenizerJsonReader
{
    private static readonly string[] ModelTypes = ["BPE"];

    public static TokenizerPipeline Read(string file)
    {
        using JsonDocument document = JsonComponent.ReadDocument(file);
        JsonComponent root = JsonComponent.Root(file, document.RootElement);
        JsonComponent model = root.Child("model") ?? throw root.Fault("model", "is missing");
        PreTokenizer? preTokenizer = root.Child("pre_tokenizer") is { } pre ? PreTokenizer.Read(pre) : null;
        return new TokenizerPipeline
        {
            Model = ReadModel(model, preTokenizer?.LeavesBytesToModel ?? false),
            AddedTokens = root.Element.TryGetProperty("added_tokens", out JsonElement added) && added.ValueKind != JsonValueKind.Null
                ? [.. root.Children("added_tokens").Select(t => AddedToken.Read(t, t.Id("id")))]
                : [],
            Normalizer = root.Child("normalizer") is { } normalizer ? Normalizer.Read(normalizer) : null,
            PreTokenizer = preTokenizer,
            Decoder = root.Child("decoder") is { } decoder ? TokenDecoder.Read(decoder) : null,
            Surrounding = SurroundingTokens.Read(root.Child("post_processor")),
        };
    }

    private static BpeModel ReadModel(JsonComponent model, bool bytesAsCharacters)
    {
        // Files before 2020 name no type; only a byte-pair model has merges.
        string type = model.OptionalText("type") ?? (model.Element.TryGetProperty("merges", out _) ? "BPE" : "");
        if (type != "BPE")
        {
            throw model.UnknownType("Model", type, ModelTypes);
        }

        if (model.Element.TryGetProperty("dropout", out JsonElement dropout) && dropout.ValueKind != JsonValueKind.Null
            && !(dropout.ValueKind == JsonValueKind.Number && dropout.TryGetDouble(out double rate) && rate == 0))
        {
            throw model.Fault("dropout", "must be null or 0: ids that change by chance can't be reproduced");
        }

        VocabularyTable vocabulary = ReadVocabulary(model);
        string? prefix = EmptyAsNull(model.OptionalText("continuing_subword_prefix"));
        string? unknown = model.OptionalText("unk_token");
        int? unknownId = unknown is null ? null : vocabulary.IdOf(unknown);
        if (unknown is not null && unknownId is null && !bytesAsCharacters)
        {
            throw model.Fault("unk_token", $"is '{unknown}', which the vocabulary lacks");
        }

        return new BpeModel(vocabulary, ReadMerges(model, vocabulary, prefix?.Length ?? 0), new BpeRules
        {
            IgnoreMerges = model.Flag("ignore_merges"),
            ByteFallback = model.Flag("byte_fallback"),
            FuseUnknown = model.Flag("fuse_unk"),
            UnknownId = unknownId,
            ContinuingPrefix = prefix,
            EndSuffix = EmptyAsNull(model.OptionalText("end_of_word_suffix")),
            BytesAsCharacters = bytesAsCharacters,
        });
    }

    private static string? EmptyAsNull(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static VocabularyTable ReadVocabulary(JsonComponent model)
    {
        JsonComponent table = model.Child("vocab") ?? throw model.Fault("vocab", "is missing");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        var seen = new HashSet<int>();
        foreach (JsonProperty entry in table.Element.EnumerateObject())
        {
            string text = ReadName(table, entry);
            int id = table.ReadId(entry.Value, text);
            if (!ids.TryAdd(text, id) || !seen.Add(id))
            {
                throw table.Fault(text, $"repeats a token or the id {id}");
            }
        }

        return ids.Count > 0 ? new VocabularyTable(ids) : throw model.Fault("vocab", "is empty");
    }

    private static string ReadName(JsonComponent table, JsonProperty entry)
    {
        try
        {
            return entry.Name;
        }
        catch (InvalidOperationException e)
        {
            throw table.Fault("?", "has a name with a broken escape sequence", e);
        }
    }

    private static Dictionary<long, (int Rank, int Id)> ReadMerges(JsonComponent model, VocabularyTable vocabulary, int prefixLength)
    {
        var merges = new Dictionary<long, (int Rank, int Id)>();
        int rank = 0;
        foreach (JsonElement entry in model.Array("merges"))
        {
            (string left, string right) = ReadPair(model, entry, rank);
            if (right.Length < prefixLength || vocabulary.IdOf(left) is not { } leftId || vocabulary.IdOf(right) is not { } rightId
                || vocabulary.IdOf(left + right[prefixLength..]) is not { } joined)
            {
                throw model.Fault($"merges[{rank}]", $"joins '{left}' and '{right}', but the vocabulary lacks one of them or what they join to");
            }

            merges[BpeMerger.Key(leftId, rightId)] = (rank++, joined);
        }

        return merges;
    }

    private static (string Left, string Right) ReadPair(JsonComponent model, JsonElement entry, int rank)
    {
        string name = $"merges[{rank}]";
        if (entry.ValueKind == JsonValueKind.String)
        {
            string text = model.ReadText(entry, name);
            int blank = text.IndexOf(' ', StringComparison.Ordinal);
            if (blank > 0 && blank < text.Length - 1 && text.IndexOf(' ', blank + 1) < 0)
            {
                return (text[..blank], text[(blank + 1)..]);
            }
        }
        else if (entry.ValueKind == JsonValueKind.Array && entry.GetArrayLength() == 2
            && entry[0].ValueKind == JsonValueKind.String && entry[1].ValueKind == JsonValueKind.String)
        {
            return (model.ReadText(entry[0], name), model.ReadText(entry[1], name));
        }

        throw model.Fault(name, "must be two texts, in an array or with one blank between them");
    }
}
