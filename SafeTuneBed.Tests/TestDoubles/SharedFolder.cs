namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Finds the folder of public data and fixtures that lies beside a checkout; tests that need it skip with a reason where it is missing.</summary>
internal static class SharedFolder
{
    /// <summary>The checkout's root: the nearest folder above the tests that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path below <c>../shared</c>; skips the running test when it is not there.</summary>
    public static string Require(params string[] parts)
    {
        string path = Path.Combine([Path.GetDirectoryName(Root)!, "shared", .. parts]);
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"{Path.Combine(["shared", .. parts])} is not beside this checkout.");
        return path;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SafeTuneBed.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The tests must run from within a checkout: no SafeTuneBed.sln above " + AppContext.BaseDirectory);
    }
}
