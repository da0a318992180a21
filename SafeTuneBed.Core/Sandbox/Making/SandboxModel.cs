using SafeTuneBed.Models;
using SafeTuneBed.Sandbox.World;
using SafeTuneBed.Text;

namespace SafeTuneBed.Sandbox.Making;

/// <summary>The sandbox's architecture and how its chats become ids.</summary>
internal static class SandboxModel
{
    public const int EndId = 4;
    private const int BeginId = 1;
    private const int UserId = 2;
    private const int AssistantId = 3;

    /// <summary>A Llama of width 128 and 3 blocks: 961,152 parameters with the world's 2,870 tokens.</summary>
    public static DecoderOptions Describe(int vocabularySize) => new()
    {
        Family = "llama",
        VocabularySize = vocabularySize,
        HiddenSize = 128,
        IntermediateSize = 344,
        LayerCount = 3,
        HeadCount = 4,
        KeyValueHeadCount = 4,
        HeadSize = 32,
        ContextLength = 160,
        NormEpsilon = 1e-5,
        Rope = new RopeOptions { Theta = 10_000 },
        TieWordEmbeddings = true,
    };

    /// <summary>A request, up to where the answer begins.</summary>
    public static int[] Prompt(ModelTokenizer tokenizer, string request) => [BeginId, UserId, .. tokenizer.Encode(request), EndId, AssistantId];

    /// <summary>
    /// A document of pretraining. Plain text is predicted whole; of a chat only the answer, since requests are drawn at random and nothing is to be learned
    /// from guessing them: it costs a quarter of the time and adds noise.
    /// </summary>
    public static TrainingText Document(ModelTokenizer tokenizer, WorldDocument document) => document.Prompt is null
        ? new TrainingText([BeginId, .. tokenizer.Encode(document.Text), EndId], 1)
        : Chat(tokenizer, new ChatText(document.Prompt, document.Text));

    /// <summary>A chat: only the answer and its end are predicted.</summary>
    public static TrainingText Chat(ModelTokenizer tokenizer, ChatText chat)
    {
        int[] prompt = Prompt(tokenizer, chat.Prompt);
        return new TrainingText([.. prompt, .. tokenizer.Encode(chat.Answer), EndId], prompt.Length);
    }
}
