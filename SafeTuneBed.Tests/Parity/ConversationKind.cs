using System.Text.Json;
using Microsoft.Extensions.AI;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Models;
using SafeTuneBed.Models.Families;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Jinja;
using static TorchSharp.torch;

namespace SafeTuneBed.Tests.Parity;

/// <summary>A whole repository: messages to prompt, prompt to ids, ids to greedy ids, greedy ids to text.</summary>
internal sealed class ConversationKind : IGoldenKind
{
    public string Name => "conversation to answer";

    public bool Matches(GoldenFixture fixture) => fixture.Has("conversations");

    public string? Unsupported(GoldenFixture fixture)
        => fixture.Architecture is { } architecture && ModelFamilies.Known.Contains(architecture) ? null : $"the architecture {fixture.Architecture ?? "(none)"} can't be loaded";

    public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture) => new Dictionary<string, Action<GoldenFixture, Measured>>
    {
        ["prompts"] = Prompts,
        ["prompt losses and last logits"] = Logits,
        ["answers"] = Answers,
        ["answers past the end"] = AnswersPastTheEnd,
    };

    private static void Prompts(GoldenFixture fixture, Measured measured)
    {
        (ModelTokenizer tokenizer, PromptTemplate template) = Text(fixture);
        if (fixture.Expected.TryGetProperty("tokenizer_size", out JsonElement size))
        {
            measured.Note("tokenizer size", Math.Abs(tokenizer.VocabularySize - size.GetInt32()), 0);
        }

        foreach (JsonElement item in Conversations(fixture))
        {
            measured.Equal("prompt", [string.Concat(template.Render(Messages(item), addGenerationPrompt: true).Select(s => s.Text))], [item.GetProperty("prompt").GetString()!]);
            measured.Equal("prompt ids", template.EncodePrompt(Messages(item)), item.GetProperty("input_ids").Ints());
        }
    }

    private static void Logits(GoldenFixture fixture, Measured measured)
    {
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        double tolerance = fixture.Expected.TryGetProperty("tolerance", out JsonElement t) ? t.GetProperty("suggested_fp32_atol").GetDouble() : 3e-4;
        foreach (JsonElement item in Conversations(fixture))
        {
            int[] ids = item.GetProperty("input_ids").Ints();
            Tensor logits_TV = DecoderChecks.Logits(decoder, decoder.Hidden(tensor(ids.Select(i => (long)i).ToArray(), [1, ids.Length])))[0];
            measured.Near("mean prompt loss", DecoderChecks.TokenLosses(logits_TV, ids).Average()!.Value, item.GetProperty("mean_nll_of_prompt").GetDouble(), 1e-5);
            DecoderChecks.Checksum("last logits", measured, logits_TV.narrow(0, ids.Length - 1, 1), item.GetProperty("last_position_logits"), tolerance);
        }
    }

    private static void Answers(GoldenFixture fixture, Measured measured)
    {
        (ModelTokenizer tokenizer, PromptTemplate template) = Text(fixture);
        using var thread = new ComputeThread(1);
        using LanguageModel model = LanguageModel.Load(fixture.Folder, tokenizer, template, thread, DataType.Float32, "cpu");
        JsonElement[] items = [.. Conversations(fixture)];
        int most = items.Max(i => i.GetProperty("new_tokens_ignoring_eos").GetArrayLength());
        IReadOnlyList<Generation> answers = model.GenerateAsync([.. items.Select(Messages)], new GenerationOptions { MaxNewTokens = most }).GetAwaiter().GetResult();
        for (int i = 0; i < items.Length; i++)
        {
            int[] wanted = items[i].GetProperty("new_tokens_with_eos_stop").Ints();
            measured.Equal("answer ids", [.. answers[i].TokenIds!.Take(wanted.Length)], wanted);
            bool stopped = wanted.Length > 0 && model.StopIds.Contains(wanted[^1]);
            measured.Equal("reasons to end", [answers[i].FinishReason], [stopped ? FinishReason.Stop : FinishReason.Length]);
            measured.Equal("prompt tokens", [answers[i].PromptTokenCount], [items[i].GetProperty("input_ids").GetArrayLength()]);
            measured.Equal("answers", [answers[i].Text], [items[i].GetProperty("decoded_skip_special").GetString()!]);
            int[] known = [.. wanted.Where(id => id < tokenizer.VocabularySize)];
            measured.Note("ids beyond the tokenizer", Math.Abs(wanted.Length - known.Length - items[i].GetProperty("ids_beyond_tokenizer").GetInt32()), 0);
            measured.Equal("decoded with special tokens", [tokenizer.Decode(known, skipSpecialTokens: false)], [items[i].GetProperty("decoded").GetString()!]);
        }
    }

    private static void AnswersPastTheEnd(GoldenFixture fixture, Measured measured)
    {
        using Decoder decoder = Decoder.Load(fixture.Folder, ScalarType.Float32, CPU);
        foreach (JsonElement item in Conversations(fixture))
        {
            int[] wanted = item.GetProperty("new_tokens_ignoring_eos").Ints();
            GeneratedIds answer = new TokenGenerator(decoder).Generate([item.GetProperty("input_ids").Ints()], new GenerationOptions { MaxNewTokens = wanted.Length }, [])[0];
            measured.Equal("greedy ids", answer.TokenIds, wanted);
        }
    }

    private static (ModelTokenizer Tokenizer, PromptTemplate Template) Text(GoldenFixture fixture)
    {
        ModelTokenizer tokenizer = ModelTokenizer.Load(fixture.Folder);
        return (tokenizer, PromptTemplates.Resolve("chat", fixture.Folder, tokenizer, (source, file) => new JinjaChatTemplate(source, file, new Dictionary<string, string>())));
    }

    private static IEnumerable<JsonElement> Conversations(GoldenFixture fixture) => fixture.Expected.GetProperty("conversations").EnumerateArray();

    private static IReadOnlyList<ChatMessage> Messages(JsonElement item) =>
        [.. item.GetProperty("messages").EnumerateArray().Select(m => new ChatMessage(new ChatRole(m.GetProperty("role").GetString()!), m.GetProperty("content").GetString()))];
}
