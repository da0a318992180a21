using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Architecture;

/// <summary>The direction of knowledge: samples, tests -> Methods, Evaluation -> Core; inside Core Running -> Training -> Models, Text -> Data.</summary>
public sealed partial class LayeringTests
{
    // What the files of a folder of Core may not mention.
    private static readonly Dictionary<string, string[]> Forbidden = new()
    {
        ["Data"] = ["Text", "Models", "Training", "Running"],
        ["Text"] = ["Models", "Training", "Running"],
        ["Models"] = ["Data", "Training", "Running"],
        ["Training"] = ["Data", "Running"],
        ["Diagnostics"] = ["Data", "Text", "Models", "Training", "Running", "Sandbox"],
    };

    public static TheoryData<string> Folders => [.. Forbidden.Keys];

    [Theory]
    [MemberData(nameof(Folders))]
    public void CoreFolder_Files_KnowNothingOfTheLayersAbove(string folder)
    {
        string root = Path.Combine(SharedFolder.Root, "SafeTuneBed.Core", folder);
        string[] faults = [.. SourceFiles(root).SelectMany(file => Mentions().Matches(File.ReadAllText(file))
            .Select(m => m.Groups[1].Value)
            .Where(Forbidden[folder].Contains)
            .Select(layer => $"{Path.GetRelativePath(SharedFolder.Root, file)} mentions {layer}"))];
        Assert.True(faults.Length == 0, string.Join("\n", faults.Distinct()));
    }

    [Fact]
    public void Training_Files_NeverMentionMethodAlgorithm()
    {
        string root = Path.Combine(SharedFolder.Root, "SafeTuneBed.Core", "Training");
        Assert.DoesNotContain(SourceFiles(root), file => File.ReadAllText(file).Contains("MethodAlgorithm", StringComparison.Ordinal));
    }

    [Fact]
    public void Core_Files_NameNoMethodOfTheMethodsPackage()
    {
        // "lora" is excepted: adapters are the engine's, and carry their published name.
        string[] names = [.. typeof(SafeTuneBed.Methods.Lora.LoraAlgorithm).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(MethodAlgorithm)))
            .Select(t => t.Name)];
        string root = Path.Combine(SharedFolder.Root, "SafeTuneBed.Core");
        Assert.DoesNotContain(SourceFiles(root), file => names.Any(n => File.ReadAllText(file).Contains(n, StringComparison.Ordinal)));
    }

    [Fact]
    public void Core_Code_SpellsNoRegisteredNameOfAMethod()
    {
        // "lora" is what a pipeline without a fine-tuning means; "none" is a word of Python, of PEFT and of templates.
        var services = new ServiceCollection();
        services.AddSafeTuneBed().AddMethods();
        using ServiceProvider provider = services.BuildServiceProvider();
        string[] names = [.. provider.GetRequiredService<MethodCatalog>().Names.Where(n => n is not ("lora" or "none")).Select(n => $"\"{n}\"")];
        string[] faults = [.. SourceFiles(Path.Combine(SharedFolder.Root, "SafeTuneBed.Core"))
            .SelectMany(file => File.ReadLines(file).Select(line => line.Split("//")[0]).SelectMany(line => names.Where(line.Contains).Select(n => $"{file}: {n}")))];
        Assert.True(faults.Length == 0, string.Join("\n", faults));
    }

    [Fact]
    public void Assemblies_References_PointDownwardOnly()
    {
        Assembly core = typeof(MethodAlgorithm).Assembly;
        Assembly methods = typeof(SafeTuneBed.Methods.Lora.LoraAlgorithm).Assembly;
        Assembly evaluation = Assembly.Load("SafeTuneBed.Evaluation");
        Assert.DoesNotContain(core.GetReferencedAssemblies(), a => a.Name!.StartsWith("SafeTuneBed", StringComparison.Ordinal));
        Assert.DoesNotContain(methods.GetReferencedAssemblies(), a => a.Name == "SafeTuneBed.Evaluation");
        Assert.DoesNotContain(evaluation.GetReferencedAssemblies(), a => a.Name == "SafeTuneBed.Methods");
    }

    internal static IEnumerable<string> SourceFiles(string root) => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(p => p is "obj" or "bin"));

    [GeneratedRegex(@"SafeTuneBed\.(Data|Text|Models|Training|Running|Sandbox)\b")]
    private static partial Regex Mentions();
}
