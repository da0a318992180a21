namespace SafeTuneBed.Tests.Parity;

/// <summary>The kinds of fixtures that are known, in the order in which they are asked.</summary>
internal static class GoldenKinds
{
    public static IReadOnlyList<IGoldenKind> All { get; } =
    [
        new DecoderKind(),
        new StoriesKind(),
        new LoraKind(),
        new LisaKind(),
        new VaccineKind(),
        new SafeLoraKind(),
        new ConversationKind(),
        new ChatTemplateKind(),
        new TokenizerKind(),
    ];

    public static IGoldenKind? Of(GoldenFixture fixture) => All.FirstOrDefault(k => k.Matches(fixture));

    /// <summary>A kind that is recognized so that it is listed, but that nothing here checks.</summary>
    private sealed class UncheckedKind(string name, Func<GoldenFixture, bool> matches) : IGoldenKind
    {
        public string Name => name;

        public bool Matches(GoldenFixture fixture) => matches(fixture);

        public string? Unsupported(GoldenFixture fixture) => $"there is no check for fixtures of the kind '{name}'";

        public IReadOnlyDictionary<string, Action<GoldenFixture, Measured>> Checks(GoldenFixture fixture) => new Dictionary<string, Action<GoldenFixture, Measured>>();
    }
}
