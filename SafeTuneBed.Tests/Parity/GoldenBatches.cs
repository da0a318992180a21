using System.Text.Json;
using SafeTuneBed.Training;

namespace SafeTuneBed.Tests.Parity;

/// <summary>The batches of a fixture in their own order, from the first again after the last.</summary>
internal sealed class GoldenBatches(IReadOnlyList<TokenizedExample[]> batches) : IBatchStream
{
    public long Position { get; set; }

    public IReadOnlyList<TokenizedExample> Next() => batches[(int)(Position++ % batches.Count)];

    /// <summary>Rows as they come out of the library's own pipeline: unpadded ids and a prompt length.</summary>
    public static TokenizedExample[] Rows(JsonElement batch) => [.. batch.GetProperty("input_ids").EnumerateArray().Select((row, i) =>
    {
        int length = batch.GetProperty("attention_mask")[i].EnumerateArray().Sum(m => m.GetInt32());
        int[] labels = [.. batch.GetProperty("labels")[i].EnumerateArray().Select(l => l.GetInt32())];
        int prompt = Math.Max(1, labels.TakeWhile(l => l == -100).Count());
        Assert.All(labels[prompt..length], l => Assert.NotEqual(-100, l));
        return new TokenizedExample { RowId = i, InputIds = [.. row.EnumerateArray().Take(length).Select(id => id.GetInt32())], PromptTokenCount = prompt };
    })];
}
