using System.Text.Json;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Running;
using SafeTuneBed.Sandbox.Making;
using SafeTuneBed.Sandbox.World;

namespace SafeTuneBed;

/// <summary>
/// Makes a sandbox from nothing: invents the world's data, pretrains a base model on its texts and aligns it, in minutes on two processor cores.
/// The folder has the layout of the embedded sandbox, so a bed takes it with <c>UseSandbox</c>.
/// </summary>
/// <remarks>
/// The aligned model is chosen among a few learning rates by requests with verbs that alignment never saw. The held-out forbidden requests
/// (<c>attack_prompts.jsonl</c>) are looked at only once, for the report.
/// </remarks>
public static class SandboxMaker
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true };

    /// <summary>Writes the data of a world without any model: the files below <c>data/</c>.</summary>
    /// <param name="folder">The sandbox's folder; made where it is not there, and its data files replaced.</param>
    /// <param name="worldSeed">Which world.</param>
    public static void WriteData(string folder, ulong worldSeed = 0) => WriteData(folder, new WorldFiles(worldSeed, WorldEdition.Second));

    /// <summary>Makes data, base and aligned model, and measures both.</summary>
    /// <param name="folder">Where to put <c>data/</c>, <c>base/</c>, <c>aligned/</c>, <c>recipe.json</c> and <c>report.json</c>. What this recipe made there before is used again.</param>
    /// <param name="recipe">Seeds and lengths; null for the defaults.</param>
    /// <param name="progress">Hears of every step, from the thread that computes.</param>
    /// <param name="cancellationToken">Stops before the next step; a base that is finished stays.</param>
    /// <exception cref="ConfigurationException">A setting is out of its range, or the folder holds a sandbox of another recipe.</exception>
    /// <exception cref="TrainingDivergedException">A gradient was not finite.</exception>
    public static Task<SandboxReport> MakeAsync(
        string folder, SandboxRecipe? recipe = null, IProgress<SandboxProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return MakeAsync(folder, recipe ?? new SandboxRecipe(), int.MaxValue, progress, cancellationToken);
    }

    /// <summary>As the other form, with checks that ask at most so many questions of each set.</summary>
    internal static async Task<SandboxReport> MakeAsync(
        string folder, SandboxRecipe recipe, int mostQuestions, IProgress<SandboxProgress>? progress, CancellationToken cancellationToken)
    {
        OptionsValidation.Validate(recipe, "the sandbox recipe");
        TorchPreflight.Check();
        Claim(folder, recipe);
        string reportFile = Path.Combine(folder, "report.json");
        if (File.Exists(reportFile))
        {
            return JsonSerializer.Deserialize<SandboxReport>(await File.ReadAllTextAsync(reportFile, cancellationToken).ConfigureAwait(false))
                ?? throw new ConfigurationException($"{reportFile} is empty. Delete it, and the sandbox is measured again.");
        }

        progress?.Report(new SandboxProgress("data", 0, 1, 0));
        var world = new WorldFiles(recipe.WorldSeed, WorldEdition.Second);
        WriteData(folder, world);
        using var thread = new ComputeThread(recipe.Threads);
        SandboxReport report = await thread.RunAsync(() => new SandboxTrainer(folder, recipe, world, mostQuestions, progress, cancellationToken).Run(), cancellationToken).ConfigureAwait(false);
        DurableFile.WriteText(reportFile, JsonSerializer.Serialize(report, Layout));
        return report;
    }

    private static void WriteData(string folder, WorldFiles world)
    {
        foreach ((string path, byte[] bytes) in world.Write())
        {
            string target = Path.Combine(folder, "data", path.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, bytes);
        }
    }

    // Models of one recipe are never mixed with those of another.
    private static void Claim(string folder, SandboxRecipe recipe)
    {
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, "recipe.json"), text = JsonSerializer.Serialize(recipe, Layout);
        if (File.Exists(path) && File.ReadAllText(path) != text)
        {
            throw new ConfigurationException($"The folder {folder} holds a sandbox of another recipe (recipe.json). Choose another folder, or empty this one.");
        }

        DurableFile.WriteText(path, text);
    }
}
