namespace SafeTuneBed.Sandbox;

/// <summary>The sandbox as a folder: two models in Hugging Face layout and their data.</summary>
internal sealed record SandboxFolder
{
    /// <summary>Files that nothing here reads, so that an outside folder may lack them.</summary>
    private static readonly string[] Optional = ["generation_config.json", "special_tokens_map.json", "alignment.jsonl", "alignment_mix.jsonl"];

    // the embedded folder is verified once per process
    private static readonly Lazy<SandboxFolder> Embedded = new(() => new SandboxFolder(SandboxCache.ForUser().GetFolder()));

    private SandboxFolder(string root) => Root = root;

    /// <summary>The folder itself.</summary>
    public string Root { get; }

    /// <summary>The aligned model's folder.</summary>
    public string Aligned => Path.Combine(Root, "aligned");

    /// <summary>The base model's folder.</summary>
    public string Base => Path.Combine(Root, "base");

    /// <summary>The data's folder.</summary>
    public string Data => Path.Combine(Root, "data");

    /// <summary>An outside folder of the sandbox's layout, or the embedded sandbox, unpacked once per user.</summary>
    /// <param name="outsideFolder">Folder with <c>aligned/ base/ data/</c>; null for the embedded sandbox.</param>
    /// <exception cref="ConfigurationException">The folder lacks files (all are named), or the embedded sandbox can't be unpacked.</exception>
    public static SandboxFolder Resolve(string? outsideFolder)
    {
        if (outsideFolder is null)
        {
            return Embedded.Value;
        }

        string root = Path.GetFullPath(outsideFolder);
        if (!Directory.Exists(root))
        {
            throw new ConfigurationException($"The sandbox folder {root} does not exist. It must hold aligned/, base/ and data/.");
        }

        string[] missing = [.. SandboxArchive.Files
            .Where(f => !Optional.Contains(f.Path[(f.Path.LastIndexOf('/') + 1)..]) && !File.Exists(Path.Combine(root, f.Path)))
            .Select(f => f.Path)];
        return missing.Length == 0
            ? new SandboxFolder(root)
            : throw new ConfigurationException($"The sandbox folder {root} lacks {string.Join(", ", missing)}. It must have the layout of the embedded sandbox: aligned/, base/ and data/.");
    }
}
