using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace SafeTuneBed.Judges;

/// <summary>One question to a judge.</summary>
internal sealed record JudgeRequest
{
    /// <summary>Id and version of the prompt.</summary>
    public required string Prompt { get; init; }

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public double Temperature { get; init; }

    public double? TopP { get; init; }

    public int MaxTokens { get; init; } = 1_024;

    /// <summary>Whether text under judgement was changed so that it can't pass for a verdict or a marker.</summary>
    public bool IsNeutralized { get; init; }

    /// <summary>Asked when the verdict can't be read: the same with a word on its form. Null asks no second time.</summary>
    public string? Reminder { get; init; }

    /// <summary>The answer under judgement as it stands in the messages, where a measure cuts it further; null elsewhere.</summary>
    public string? Answer { get; init; }

    /// <summary>Characters of all messages.</summary>
    public int Length => Messages.Sum(m => m.Text.Length);

    /// <summary>Tokens sent and received, a rough upper estimate for limits and ceilings.</summary>
    public int EstimatedTokens => (Length / 3) + MaxTokens;

    /// <summary>The same request with the reminder below its last message.</summary>
    public JudgeRequest Remind() => this with { Messages = [.. Messages.SkipLast(1), new ChatMessage(Messages[^1].Role, $"{Messages[^1].Text}\n\n{Reminder}")], Reminder = null };

    /// <summary>What the verdict is stored under: everything that decides it.</summary>
    /// <param name="judge">Identity of the model that is asked.</param>
    public string KeyFor(string judge)
    {
        var content = new JsonArray(judge, Prompt, Temperature, TopP, MaxTokens);
        foreach (ChatMessage message in Messages)
        {
            content.Add(message.Role.Value);
            content.Add(message.Text);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content.ToJsonString())));
    }
}

/// <summary>How asking ended.</summary>
internal enum JudgeOutcome
{
    /// <summary>There is a text.</summary>
    Answered,

    /// <summary>The judge or its provider declined.</summary>
    Refused,

    /// <summary>It could not be reached.</summary>
    Unreachable,

    /// <summary>The request does not fit into its context.</summary>
    TooLong,
}

/// <summary>What came back.</summary>
internal sealed record JudgeReply
{
    public required JudgeOutcome Outcome { get; init; }

    public string Text { get; init; } = "";

    /// <summary>The model that says it answered.</summary>
    public string? Model { get; init; }

    public long PromptTokens { get; init; }

    public long CompletionTokens { get; init; }

    public decimal? Cost { get; init; }

    /// <summary>Requests that were made for it now; 0 where it was on record.</summary>
    public int Attempts { get; init; }

    /// <summary>Why there is no text, in a word or two; null where there is.</summary>
    public string? Fault { get; init; }
}
