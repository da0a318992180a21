namespace SafeTuneBed.Sandbox.World;

/// <summary>An addition or subtraction that stays between 0 and <see cref="Most"/>.</summary>
internal readonly record struct WorldSum(int Left, bool IsPlus, int Right)
{
    /// <summary>The largest number of the world; each is one token.</summary>
    public const int Most = 20;

    public int Result => IsPlus ? Left + Right : Left - Right;

    public string Sign => IsPlus ? "+" : "-";

    /// <summary>Verbs that tell it in a story.</summary>
    public string[] Verbs => IsPlus ? WorldWords.Gains : WorldWords.Losses;

    /// <summary>As text: <c>3 + 4 = 7.</c></summary>
    public string Text => WorldText.Fill(
        WorldForms.SumText, ("a", WorldText.Number(Left)), ("op", Sign), ("b", WorldText.Number(Right)), ("c", WorldText.Number(Result)));

    public static WorldSum Draw(WorldRandom random) => Continue(random, random.Below(Most + 1));

    /// <summary>A sum that begins with a given number.</summary>
    public static WorldSum Continue(WorldRandom random, int left)
    {
        bool plus = random.Below(2) == 0;
        return new WorldSum(left, plus, random.Below((plus ? Most - left : left) + 1));
    }
}
