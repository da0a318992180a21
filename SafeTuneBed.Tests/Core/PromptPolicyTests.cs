using Microsoft.Extensions.AI;

namespace SafeTuneBed.Tests.Core;

/// <summary>What a policy puts around a conversation, and that an artifact keeps it.</summary>
public sealed class PromptPolicyTests
{
    private static readonly PromptPolicy Both = new() { TrainingSystem = "train so", EvaluationSystem = "ask so" };
    private static readonly ChatMessage Question = new(ChatRole.User, "why?");

    [Fact]
    public void Decorate_Conversation_GetsTheTextOfItsStageFirst()
    {
        Assert.Equal([("system", "train so"), ("user", "why?")], Shown(Both.Decorate([Question], PromptStage.Training)));
        Assert.Equal([("system", "ask so"), ("user", "why?"), ("assistant", "be")], Shown(Both.Decorate([Question, new(ChatRole.Assistant, "be")], PromptStage.Evaluation)));
    }

    [Fact]
    public void Decorate_SystemMessageThatIsThere_StandsBehindThePolicys() =>
        Assert.Equal([("system", "ask so\nobey"), ("user", "why?")], Shown(Both.Decorate([new(ChatRole.System, "obey"), Question], PromptStage.Evaluation)));

    [Fact]
    public void Decorate_StageWithoutText_LeavesTheConversation()
    {
        IReadOnlyList<ChatMessage> conversation = [Question];
        Assert.Same(conversation, new PromptPolicy { EvaluationSystem = "x" }.Decorate(conversation, PromptStage.Training));
        Assert.Same(conversation, new PromptPolicy().Decorate(conversation, PromptStage.Evaluation));
    }

    [Theory]
    [InlineData(null, "ask \"so\" – 1")]
    [InlineData("train", null)]
    public void Save_Artifact_KeepsThePolicy(string? training, string? evaluation)
    {
        string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;
        try
        {
            var policy = new PromptPolicy { TrainingSystem = training, EvaluationSystem = evaluation };
            using (var made = new ModelArtifact { Model = "m", PromptPolicy = policy })
            {
                made.Save(folder);
            }

            using ModelArtifact read = ModelArtifact.Load(folder);
            Assert.Equal(policy, read.PromptPolicy);
            string manifest = Path.Combine(folder, "artifact.json");
            File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"promptPolicy\":{", "\"promptPolicy\":{\"prefill\":\"Sure\",", StringComparison.Ordinal));
            Assert.Throws<ModelFormatException>(() => ModelArtifact.Load(folder)); // a policy of which a part would be left out is not obeyed
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<(string, string)> Shown(IEnumerable<ChatMessage> messages) => messages.Select(m => (m.Role.Value, m.Text));
}
