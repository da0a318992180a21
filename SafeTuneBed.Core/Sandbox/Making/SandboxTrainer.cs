using SafeTuneBed.Models;
using SafeTuneBed.Sandbox.World;
using SafeTuneBed.Text;
using SafeTuneBed.Training;
using TorchSharp;

namespace SafeTuneBed.Sandbox.Making;

/// <summary>Pretrains, aligns, chooses and measures the two models of a world. Runs on the calling thread.</summary>
internal sealed class SandboxTrainer(string folder, SandboxRecipe recipe, WorldFiles world, int mostQuestions, IProgress<SandboxProgress>? progress, CancellationToken cancellationToken)
{
    private const int RowLength = 128;
    private const int PretrainingRows = 16;
    private const int AlignmentRows = 16;
    private const double PretrainingRate = 3e-3;

    // Tried in this order; the first of the best is kept.
    private static readonly double[] AlignmentRates = [3e-4, 5e-4];

    private readonly SeedTree seeds = new(recipe.Seed);
    private readonly string baseFolder = Path.Combine(folder, "base");
    private readonly string alignedFolder = Path.Combine(folder, "aligned");

    public SandboxReport Run()
    {
        WorldTokenizer vocabulary = WorldTokenizer.Build(world.VocabularyTexts());
        DecoderOptions options = SandboxModel.Describe(vocabulary.Vocabulary.Count);
        foreach (string model in new[] { baseFolder, alignedFolder })
        {
            Directory.CreateDirectory(model);
            foreach ((string name, string content) in WorldModelFiles.Write(options, vocabulary))
            {
                File.WriteAllText(Path.Combine(model, name), content);
            }
        }

        ModelTokenizer tokenizer = ModelTokenizer.Load(baseFolder);
        var checker = new SandboxChecker(world, tokenizer, mostQuestions);
        string weights = Path.Combine(baseFolder, SafetensorsShards.SingleName);
        if (!File.Exists(weights))
        {
            Pretrain(options, tokenizer, weights);
        }

        using Decoder start = Decoder.Load(baseFolder, torch.ScalarType.Float32, torch.CPU);
        progress?.Report(new SandboxProgress("check", 0, 2, 0));
        SandboxCheck checkedBase = checker.Check(start);
        double rate = Align(options, tokenizer, start, checker);
        progress?.Report(new SandboxProgress("check", 1, 2, 0));
        using Decoder aligned = Decoder.Load(alignedFolder, torch.ScalarType.Float32, torch.CPU);
        return new SandboxReport { Recipe = recipe, Base = checkedBase, Aligned = checker.Check(aligned), AlignmentLearningRate = rate };
    }

    private void Pretrain(DecoderOptions options, ModelTokenizer tokenizer, string weights)
    {
        using var model = new FlatDecoder(options);
        model.Initialize(seeds["weights"]);
        WorldRandom random = world.PretrainingStream(recipe.Seed);
        var packer = new RowPacker(() => SandboxModel.Document(tokenizer, world.Documents.Draw(random)), RowLength);
        var plan = new FullTrainingPlan { Steps = recipe.PretrainingSteps, LearningRate = PretrainingRate, Warmup = 0.05, Floor = 0.02, Beta2 = 0.95 };
        FullTrainer.Train(model, plan, () => packer.Next(PretrainingRows), (step, loss) => progress?.Report(new SandboxProgress("pretraining", step, plan.Steps, loss)), cancellationToken);
        model.Round();
        model.Save(weights);
    }

    /// <summary>Aligns once for each rate and writes the model that does best on what the held-out requests have no part in; returns its rate.</summary>
    private double Align(DecoderOptions options, ModelTokenizer tokenizer, Decoder start, SandboxChecker checker)
    {
        TrainingText[] rows = [.. world.AlignmentRows().Select(r => SandboxModel.Chat(tokenizer, r.Text))];
        (double Fault, double Rate) best = (double.PositiveInfinity, 0);
        for (int i = 0; i < AlignmentRates.Length; i++)
        {
            using var model = new FlatDecoder(options);
            model.CopyFrom(start);
            var order = new BatchSampler([.. rows.Select(r => r.Ids.Length)], AlignmentRows, groupByLength: false, seeds["alignment"]);
            var plan = new FullTrainingPlan { Steps = recipe.AlignmentSteps, LearningRate = AlignmentRates[i], Warmup = 0.1 };
            int done = i * plan.Steps;
            FullTrainer.Train(
                model,
                plan,
                () => Batch([.. order.Next().Select(r => rows[r])]),
                (step, loss) => progress?.Report(new SandboxProgress("alignment", done + step, AlignmentRates.Length * plan.Steps, loss)),
                cancellationToken);
            model.Round();
            SandboxCheck check = checker.Develop(model.Decoder);
            double fault = check.NewVerbAttackSuccess + check.NewVerbOverRefusal + (1 - check.Knowledge) + (1 - check.ChattyAccuracy.Values.Average());
            if (fault < best.Fault)
            {
                best = (fault, AlignmentRates[i]);
                model.Save(Path.Combine(alignedFolder, SafetensorsShards.SingleName));
            }
        }

        return best.Rate;
    }

    private static PackedRows Batch(IReadOnlyList<TrainingText> rows) => PackedRows.Pack([.. rows.Select(r => (IReadOnlyList<TrainingText>)[r])], rows.Max(r => r.Ids.Length));
}
