using System.Text.RegularExpressions;
using SafeTuneBed.Diagnostics;
using SafeTuneBed.Tests.TestDoubles;

namespace SafeTuneBed.Tests.Core.Diagnostics;

[Collection(TorchCollection.Name)]
public sealed class TorchPreflightTests
{
    private static readonly string Props = File.ReadAllText(Path.Combine(SharedFolder.Root, "Directory.Packages.props"));

    [Fact]
    public void Check_ThisHost_Passes() => TorchPreflight.Check();

    [Fact]
    public void Explain_NothingReferenced_NamesThePackageAndItsVersion()
    {
        string text = TorchPreflight.Explain(new TorchFindings())!;
        Assert.Contains("No native torch back end is referenced", text, StringComparison.Ordinal);
        Assert.Matches(@"dotnet add package libtorch-cpu-\w+-\w+ --version 2\.10\.0", text);
        Assert.DoesNotContain('\n', text);
    }

    [Fact]
    public void Explain_FileThatDoesNotLoad_NamesFileAndCause()
    {
        string text = TorchPreflight.Explain(new TorchFindings { LibTorchPath = "/x/libtorch_cpu.so", LoaderMessage = "/x/libtorch_cpu.so: file too short." })!;
        Assert.Contains("libtorch was found at /x/libtorch_cpu.so", text, StringComparison.Ordinal);
        Assert.Contains("file too short.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_WrongFolder_NamesTheVariable() =>
        Assert.Contains(
            "SAFETUNEBED_LIBTORCH names can't be used as libtorch: there is no folder /x.",
            TorchPreflight.Explain(new TorchFindings { DirectoryFault = "there is no folder /x." }),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(2, 9, false)]
    [InlineData(2, 10, true)]
    [InlineData(2, 11, false)]
    [InlineData(3, 10, false)]
    public void Explain_Version_MustAgreeInMajorAndMinor(int major, int minor, bool good) =>
        Assert.Equal(good, TorchPreflight.Explain(new TorchFindings { IsLoaded = true, LibTorchVersion = new Version(major, minor) }) is null);

    [Theory]
    [InlineData("/opt/libtorch", false, true)]
    [InlineData("/opt/libtorch", true, false)]
    [InlineData("", false, false)]
    [InlineData(null, false, false)]
    public void FindIgnoredVariable_SetWhereItIsNotRead_IsTold(string? directory, bool isLinux, bool told)
    {
        string? text = TorchPreflight.FindIgnoredVariable(directory, isLinux);
        Assert.Equal(told, text is not null);
        Assert.True(text is null || (text.Contains("SAFETUNEBED_LIBTORCH", StringComparison.Ordinal) && text.Contains("Linux only", StringComparison.Ordinal)));
    }

    [Fact]
    public void Explain_VersionUnknown_IsNoFault() => Assert.Null(TorchPreflight.Explain(new TorchFindings { IsLoaded = true }));

    [Fact]
    public void LoaderSays_RuntimeMessage_KeepsTheCauseAlone()
    {
        var fault = new DllNotFoundException("Unable to load shared library 'x' or one of its dependencies. Consider LD_DEBUG: \n/a/x: cannot open\n/a/x: cannot open\n");
        Assert.Equal("/a/x: cannot open.", TorchPreflight.LoaderSays(fault));
    }

    [Fact]
    public void Versions_InMessages_AreThoseOfThePackages()
    {
        string libTorch = Regex.Match(Props, "<LibTorchVersion>(.*)</LibTorchVersion>").Groups[1].Value;
        string torchSharp = Regex.Match(Props, "<TorchSharpVersion>(.*)</TorchSharpVersion>").Groups[1].Value;
        string targets = File.ReadAllText(Path.Combine(SharedFolder.Root, "SafeTuneBed.Core", "build", "SafeTuneBed.Core.targets"));

        Assert.Equal(TorchPreflight.NeededVersion, libTorch);
        Assert.All(Regex.Matches(targets, @"libtorch-cpu-\w+-\w+ --version ([\d.]+)").Select(m => m.Groups[1].Value.TrimEnd('.')), v => Assert.Equal(libTorch, v));
        Assert.All(Regex.Matches(targets, @"TorchSharp-\w+-\w+ --version ([\d.]+)").Select(m => m.Groups[1].Value.TrimEnd('.')), v => Assert.Equal(torchSharp, v));
    }
}
