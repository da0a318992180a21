using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace SafeTuneBed;

/// <summary>What part a training row plays. Kept on every example so that loss can be reported per role.</summary>
public enum ExampleRole
{
    /// <summary>A row of the user's task.</summary>
    Benign,

    /// <summary>An attacker's row: a forbidden request that is answered.</summary>
    Harmful,

    /// <summary>A defender's row mixed into the user's data.</summary>
    Guide,

    /// <summary>A defender's row of an alignment stage.</summary>
    Alignment,
}

/// <summary>Where a record was read: corpus name and 0-based position among the corpus's records.</summary>
public readonly record struct ExampleOrigin(string Corpus, long Index);

/// <summary>One training row as text, before any template: strings are byte-preserving (no trimming, no Unicode normalisation).</summary>
public sealed record FinetuneExample
{
    /// <summary>Message property that holds the instruction alone.</summary>
    internal const string InstructionProperty = "instruction";

    /// <summary>Message property that holds the input alone.</summary>
    internal const string InputProperty = "input";

    // forgotten by every copy that changes the text
    private string? recordId;

    /// <summary>The request.</summary>
    public required string Instruction
    {
        get;
        init => (field, recordId) = (value, null);
    }

    /// <summary>Further material for the request; "" when there is none.</summary>
    public string Input
    {
        get;
        init => (field, recordId) = (value, null);
    } = "";

    /// <summary>The wanted answer; "" for an evaluation prompt without one.</summary>
    public string Output
    {
        get;
        init => (field, recordId) = (value, null);
    } = "";

    /// <summary>A system turn for templates that have one.</summary>
    public string? System { get; init; }

    /// <summary>The part this row plays in the mix.</summary>
    public ExampleRole Role { get; init; }

    /// <summary>The gold label of a classification task, where there is one.</summary>
    public string? Label { get; init; }

    /// <summary>The harm category, where the corpus has one.</summary>
    public string? Category { get; init; }

    /// <summary>Where the record was read.</summary>
    public ExampleOrigin Origin { get; init; }

    /// <summary>The key of the request before an attack's edits; null when there were none.</summary>
    internal string? AskedAs { get; init; }

    /// <summary>Further columns of the record that an evaluator may need, by name.</summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Content id: the first 16 hex digits of SHA-256 over UTF-8 of instruction, input and output joined by U+001F.
    /// Independent of file and position, so duplicates are seen across corpora.
    /// </summary>
    public string RecordId => recordId ??= Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Instruction}\u001f{Input}\u001f{Output}")).AsSpan(0, 8));

    /// <summary>
    /// The conversation that asks for the answer: system turn, then one message of instruction and input. Training and evaluation both ask through it.
    /// An input travels along apart, too, as the message's properties <c>instruction</c> and <c>input</c>, for templates that have a place for each.
    /// </summary>
    /// <exception cref="ConfigurationException">The placement is unknown.</exception>
    public IReadOnlyList<ChatMessage> ToConversation(InputPlacement placement)
    {
        var user = new ChatMessage(ChatRole.User, Input.Length == 0 ? Instruction : placement switch
        {
            InputPlacement.AfterInstruction => $"{Instruction}\n{Input}",
            InputPlacement.BeforeInstruction => $"{Input} {Instruction}",
            _ => throw new ConfigurationException($"Unknown input placement '{placement}'. Known: {string.Join(", ", Enum.GetNames<InputPlacement>())}."),
        });
        if (Input.Length > 0)
        {
            user.AdditionalProperties = new AdditionalPropertiesDictionary { [InstructionProperty] = Instruction, [InputProperty] = Input };
        }

        return System is { } system ? [new ChatMessage(ChatRole.System, system), user] : [user];
    }

    /// <summary>Equality by content and provenance.</summary>
    public bool Equals(FinetuneExample? other) =>
        other is not null && RecordId == other.RecordId && Role == other.Role && Origin == other.Origin && System == other.System;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(RecordId, Role, Origin);
}
