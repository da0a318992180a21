namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What a post-processor puts around one text.</summary>
/// <param name="Before">Ids in front.</param>
/// <param name="After">Ids behind.</param>
internal sealed record SurroundingTokens(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    private static readonly string[] Types = ["ByteLevel", "TemplateProcessing", "Sequence"];

    public static SurroundingTokens None { get; } = new([], []);

    public static SurroundingTokens Read(JsonComponent? json)
    {
        if (json is not { } processor)
        {
            return None;
        }

        string type = processor.Text("type");
        return type switch
        {
            // Only changes offsets.
            "ByteLevel" => None,
            "TemplateProcessing" => ReadTemplate(processor),
            "Sequence" => processor.Children("processors").Select(p => Read(p)).Aggregate(None, Around),
            _ => throw processor.UnknownType("Post-processor", type, Types),
        };
    }

    private static SurroundingTokens Around(SurroundingTokens inner, SurroundingTokens outer) =>
        new([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After]);

    private static SurroundingTokens ReadTemplate(JsonComponent template)
    {
        var before = new List<int>();
        var after = new List<int>();
        List<int>? current = before;
        foreach (JsonComponent part in template.Children("single"))
        {
            if (part.Child("SpecialToken") is { } special)
            {
                string name = special.Text("id");
                JsonComponent token = template.Child("special_tokens")?.Child(name)
                    ?? throw template.Fault("special_tokens", $"lacks '{name}', which 'single' uses");
                current.AddRange(token.Array("ids").Select(id => token.ReadId(id, "ids")));
            }
            else if (part.Child("Sequence") is not null && current == before)
            {
                current = after;
            }
            else
            {
                throw template.Fault("single", "must hold special tokens around one sequence");
            }
        }

        return current == after ? new SurroundingTokens(before, after) : throw template.Fault("single", "has no sequence");
    }
}
