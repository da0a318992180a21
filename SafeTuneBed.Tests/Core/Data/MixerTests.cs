using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using SafeTuneBed.Data;

namespace SafeTuneBed.Tests.Core.Data;

public sealed class MixerTests
{
    [Fact]
    public void Key_IsTheFirstEightBytesOfTheSpecifiedText()
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes("stb1|7|harmful|beavertails|0123456789abcdef|2"));

        Assert.Equal(BinaryPrimitives.ReadUInt64BigEndian(digest), SelectionOrder.Key(7, "harmful", "beavertails", "0123456789abcdef", 2));
    }

    [Fact]
    public void Mix_ChoosesTheSmallestKeys_AndOrdersByKey()
    {
        MixCorpus benign = Rows("task", ExampleRole.Benign, 40);
        MixCorpus harmful = Rows("poison", ExampleRole.Harmful, 30);

        MixResult mix = DatasetMixer.Mix(Request(benign, harmful) with { Count = 20, Ratio = 0.25m, Seed = 9 });

        // a second, plainest possible reading of the rule
        IEnumerable<FinetuneExample> Smallest(MixCorpus c, string role, int n) =>
            c.Rows.OrderBy(r => Key(9, role, c.Name, r.RecordId)).Take(n);
        string[] chosen = [.. Smallest(benign, "benign", 15).Concat(Smallest(harmful, "harmful", 5))
            .OrderBy(r => Key(9, "order", r.Origin.Corpus, r.RecordId)).Select(r => r.RecordId)];
        Assert.Equal(chosen, mix.Examples.Select(e => e.RecordId));
        Assert.Equal(5, mix.Examples.Count(e => e.Role == ExampleRole.Harmful));
    }

    [Fact]
    public void Mix_AnyNumbers_GivesExactCountsWithoutRepeats() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[0, 100], Gen.ULong).Sample((count, percent, seed) =>
        {
            MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 200), Rows("poison", ExampleRole.Harmful, 200)) with { Count = count, Ratio = percent / 100m, Seed = seed });
            return mix.Examples.Count == count && mix.Realized == CountPlan.Compute(MixMode.Replace, count, percent / 100m)
                && mix.Examples.Select(e => e.RecordId).Distinct().Count() == count;
        }, iter: 100);

    [Fact]
    public void Mix_OfReversedFilesWithDuplicates_IsTheSame() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 30], Gen.ULong).Sample((count, distinct, seed) =>
        {
            string[] Ids(bool isReversed)
            {
                MixCorpus benign = Rows("task", ExampleRole.Benign, 60, distinct), harmful = Rows("poison", ExampleRole.Harmful, 60, distinct);
                MixCorpus Turn(MixCorpus c) => isReversed ? c with { Rows = [.. c.Rows.Reverse().Select((r, i) => r with { Origin = new ExampleOrigin(c.Name, i) })] } : c;
                return [.. DatasetMixer.Mix(Request(Turn(benign), Turn(harmful)) with { Count = count, Ratio = 0.5m, Seed = seed }).Examples.Select(e => e.RecordId)];
            }

            return Ids(false).SequenceEqual(Ids(true));
        }, iter: 100);

    [Fact]
    public void LineEnds_MakeOtherRecordsButNotOtherRequests()
    {
        FinetuneExample unix = Row("task", 0, "a\nb", "x"), windows = Row("task", 1, "a\r\nb", "x");

        Assert.NotEqual(unix.RecordId, windows.RecordId);
        Assert.Equal(PromptKey.Of(unix), PromptKey.Of(windows));
        Assert.Equal(2, DatasetMixer.Mix(Request(new MixCorpus("task", ExampleRole.Benign, [unix, windows]), null)).Examples.Count);
        Assert.Single(DatasetMixer.Mix(Request(new MixCorpus("task", ExampleRole.Benign, [unix, windows]) { KeepFirstPerPrompt = true }, null)).Examples);
    }

    [Fact]
    public void EqualRecords_OfTwoFiles_HaveOneId() =>
        Assert.Equal(Row("task", 0, "a", "x").RecordId, (Row("poison", 9, "a", "x") with { Role = ExampleRole.Harmful, Category = "c" }).RecordId);

    [Fact]
    public void Mix_HigherRatio_NestsPoisonAndBenign() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 50], Gen.Int[0, 50]).Sample((seed, a, b) =>
        {
            HashSet<string>[] Sets(int percent)
            {
                MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 150), Rows("poison", ExampleRole.Harmful, 150)) with { Count = 100, Ratio = percent / 100m, Seed = seed });
                return [.. new[] { ExampleRole.Benign, ExampleRole.Harmful }.Select(role => mix.Examples.Where(e => e.Role == role).Select(e => e.RecordId).ToHashSet())];
            }

            HashSet<string>[] low = Sets(Math.Min(a, b)), high = Sets(Math.Max(a, b));
            return high[0].IsSubsetOf(low[0]) && low[1].IsSubsetOf(high[1]);
        }, iter: 100);

    [Fact]
    public void Mix_ShuffledFiles_GiveTheSameRowsInTheSameOrder() =>
        Gen.Select(Gen.ULong, Gen.Int).Sample((seed, shuffle) =>
        {
            // duplicates included: their occurrence numbers must not depend on the file's order
            MixCorpus benign = Rows("task", ExampleRole.Benign, 60, distinct: 25), harmful = Rows("poison", ExampleRole.Harmful, 40, distinct: 15);
            MixRequest request = Request(benign, harmful) with { Count = 50, Ratio = 0.3m, Seed = seed };
            MixRequest shuffled = request with { Benign = Shuffle(benign, shuffle), Harmful = Shuffle(harmful, shuffle + 1) };
            return DatasetMixer.Mix(request).Examples.Select(e => e.RecordId).SequenceEqual(DatasetMixer.Mix(shuffled).Examples.Select(e => e.RecordId));
        }, iter: 100);

    [Fact]
    public void Mix_OtherSeeds_GiveOtherRows()
    {
        MixRequest request = Request(Rows("task", ExampleRole.Benign, 500), null) with { Count = 50 };
        string[] sets = [.. Enumerable.Range(0, 20).Select(seed => string.Join(",", DatasetMixer.Mix(request with { Seed = (ulong)seed }).Examples.Select(e => e.RecordId)))];

        Assert.Equal(20, sets.Distinct().Count());
    }

    [Fact]
    public void Mix_PoisonChoice_DoesNotDependOnBenignRows()
    {
        MixCorpus harmful = Rows("poison", ExampleRole.Harmful, 100);
        IEnumerable<string> Poison(int rows) => DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, rows), harmful) with { Count = 50, Ratio = 0.4m, Seed = 3 })
            .Examples.Where(e => e.Role == ExampleRole.Harmful).Select(e => e.RecordId).Order();

        Assert.Equal(Poison(60), Poison(90));
    }

    [Fact]
    public void Mix_RoughlyUniform_OverSeeds()
    {
        // 400 seeds x 10 of 50 rows: each row is expected 80 times, standard deviation 8
        MixRequest request = Request(Rows("task", ExampleRole.Benign, 50), null) with { Count = 10 };
        var hits = new Dictionary<string, int>();
        for (ulong seed = 0; seed < 400; seed++)
        {
            foreach (FinetuneExample row in DatasetMixer.Mix(request with { Seed = seed }).Examples)
            {
                hits[row.RecordId] = hits.GetValueOrDefault(row.RecordId) + 1;
            }
        }

        Assert.Equal(50, hits.Count);
        Assert.All(hits.Values, n => Assert.InRange(n, 40, 120));
    }

    [Fact]
    public void Filters_RunInOrder_AndAreCounted()
    {
        MixCorpus benign = new("task", ExampleRole.Benign,
        [
            Row("task", 0, "good one", "x"), Row("task", 1, "no answer", "  "), Row("task", 2, " ", "x"), Row("task", 3, "too long", "x"),
            Row("task", 4, "Asked  LATER", "x"), Row("task", 5, "good two", "x"),
        ]);
        MixCorpus harmful = new("poison", ExampleRole.Harmful,
        [
            Row("poison", 0, "bad one", "x") with { Category = "theft; child_abuse" }, Row("poison", 1, "bad two", "x") with { Category = "theft" },
        ])
        {
            ExcludedCategories = ["child_abuse"],
        };

        MixResult mix = DatasetMixer.Mix(Request(benign, harmful) with
        {
            Count = 3,
            Ratio = 0.34m,
            Evaluation = new AskedPrompts(new HashSet<string> { "asked later" }),
            FitsLength = c => [.. c.Rows.Select(r => r.Instruction != "too long")],
        });

        Assert.Equal(["bad two", "good one", "good two"], mix.Examples.Select(e => e.Instruction).Order());
        Assert.Equal(
            [("task", "empty-text", 2), ("task", "over-length", 1), ("task", "evaluation-prompt", 1)],
            mix.Filters.Where(f => f.Role == ExampleRole.Benign).Select(f => (f.Corpus, f.Name, f.Dropped)));
        Assert.Equal(1, mix.Filters.Single(f => f.Name == "excluded-category").Dropped);
        Assert.Equal(0, mix.Overlap);
    }

    [Fact]
    public void EvaluationPrompt_WithInputBeforeInstruction_IsFoundToo()
    {
        FinetuneExample row = Row("task", 0, "What is it?", "x") with { Input = "A song." };

        Assert.True(PromptKey.IsAmong(new HashSet<string> { PromptKey.Normalize("A song. What is it?") }, row));
        Assert.True(PromptKey.IsAmong(new HashSet<string> { PromptKey.Normalize("what is it?\nA song.") }, row));
        Assert.False(PromptKey.IsAmong(new HashSet<string> { PromptKey.Normalize("What is it?") }, row));
    }

    [Fact]
    public void EvaluationOverlap_WhenAllowed_StaysAndIsCounted()
    {
        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 10), null) with
        {
            AllowEvaluationOverlap = true,
            Evaluation = new AskedPrompts(new HashSet<string> { "task prompt 3", "task prompt 4" }),
        });

        Assert.Equal((10, 2), (mix.Examples.Count, mix.Overlap));
    }

    [Fact]
    public void Guide_AsksNothingThatThePoisonAsks_AndKeepsFirstAnswers()
    {
        MixCorpus harmful = Rows("poison", ExampleRole.Harmful, 5);
        MixCorpus guide = new("guide", ExampleRole.Guide,
        [
            .. Enumerable.Range(0, 5).Select(i => Row("guide", i, $"POISON prompt {i}", "I can't.")),
            .. Enumerable.Range(5, 6).Select(i => Row("guide", i, $"other {i / 2}", $"I can't, {i}.")),
        ])
        {
            KeepFirstPerPrompt = true,
        };

        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 20), harmful) with { Count = 20, Ratio = 0.25m, Guide = guide, GuideCount = 4 });

        Assert.Equal(new CountPlan(11, 5, 4), mix.Realized);
        Assert.Equal(["other 2", "other 3", "other 4", "other 5"], mix.Examples.Where(e => e.Role == ExampleRole.Guide).Select(e => e.Instruction).Order());
        Assert.Equal(5, mix.Filters.Single(f => f.Name == "prompt-among-harmful").Dropped);
        Assert.Equal(2, mix.Filters.Single(f => f.Name == "repeated-prompt").Dropped);
    }

    [Fact]
    public void Shortage_Throw_NamesCorpusNeededAndAvailable()
    {
        InsufficientRecordsException fault = Assert.Throws<InsufficientRecordsException>(() =>
            DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 100), Rows("poison", ExampleRole.Harmful, 7)) with { Count = 100, Ratio = 0.3m }));

        Assert.Equal(("poison", 30L, 7L), (fault.Corpus, fault.Needed, fault.Available));
    }

    [Fact]
    public void Shortage_UseAll_TakesWhatThereIsAndSaysSo()
    {
        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 100), Rows("poison", ExampleRole.Harmful, 7)) with { Count = 100, Ratio = 0.3m, Shortage = ShortagePolicy.UseAll });

        Assert.Equal(new CountPlan(70, 7), mix.Realized);
        Assert.Equal((30, 7), (mix.Shortfalls.Single().Needed, mix.Shortfalls.Single().Available));
    }

    [Fact]
    public void Shortage_WithReplacement_RepeatsWholeRounds()
    {
        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 100), Rows("poison", ExampleRole.Harmful, 7)) with { Count = 100, Ratio = 0.3m, Shortage = ShortagePolicy.WithReplacement });

        Assert.Equal(new CountPlan(70, 30), mix.Realized);
        Assert.Equal([4, 4, 4, 4, 4, 5, 5], mix.Examples.Where(e => e.Role == ExampleRole.Harmful).GroupBy(e => e.RecordId).Select(g => g.Count()).Order());
        Assert.Single(mix.Shortfalls);
    }

    [Fact]
    public void Pure_WithASmallerCorpus_TakesAllOfIt()
    {
        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 0), Rows("poison", ExampleRole.Harmful, 60)) with { Mode = MixMode.PureBad, Ratio = 1 });

        Assert.Equal((new CountPlan(0, 100), new CountPlan(0, 60)), (mix.Requested, mix.Realized));
    }

    [Fact]
    public void Mix_EmptySet_IsRefused() =>
        Assert.Throws<InsufficientRecordsException>(() => DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 0), null)));

    [Fact]
    public void Mix_AllRows_CountsFromTheEligibleOnes()
    {
        MixResult mix = DatasetMixer.Mix(Request(Rows("task", ExampleRole.Benign, 40), Rows("poison", ExampleRole.Harmful, 40)) with { Ratio = 0.1m });

        Assert.Equal(new CountPlan(36, 4), mix.Realized);
    }

    private static MixRequest Request(MixCorpus benign, MixCorpus? harmful) => new() { Benign = benign, Harmful = harmful, Seed = 1 };

    private static MixCorpus Rows(string name, ExampleRole role, int count, int? distinct = null) =>
        new(name, role, [.. Enumerable.Range(0, count).Select(i => Row(name, i, $"{name} prompt {i % (distinct ?? count)}", "answer") with { Role = role })]);

    private static FinetuneExample Row(string corpus, int index, string instruction, string output) =>
        new() { Instruction = instruction, Output = output, Origin = new ExampleOrigin(corpus, index) };

    private static MixCorpus Shuffle(MixCorpus corpus, int seed)
    {
        FinetuneExample[] rows = [.. corpus.Rows];
        new Random(seed).Shuffle(rows);
        return corpus with { Rows = [.. rows.Select((r, i) => r with { Origin = new ExampleOrigin(corpus.Name, i) })] };
    }

    private static ulong Key(ulong seed, string role, string corpus, string record) => BinaryPrimitives.ReadUInt64BigEndian(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"stb1|{seed}|{role}|{corpus}|{record}|0"))));
}
