namespace SafeTuneBed;

/// <summary>Gathers everything that is wrong with one model file or folder, so that it is told at once and not one fault per attempt.</summary>
internal sealed class ModelFaults(string path)
{
    private const int MostShown = 40;
    private readonly List<string> faults = [];

    /// <summary>Whether anything was found so far.</summary>
    public bool Any => faults.Count > 0;

    /// <summary>What was found, in the order in which it was found.</summary>
    public IReadOnlyList<string> All => faults;

    /// <summary>Notes one fault: a sentence without its full stop.</summary>
    public void Add(string fault) => faults.Add(fault);

    /// <summary>Throws one exception that names every fault (the first forty when there are more).</summary>
    /// <param name="remedy">What the user can do about it, a whole sentence.</param>
    /// <exception cref="ModelFormatException">At least one fault was noted.</exception>
    public void ThrowIfAny(string remedy)
    {
        if (faults.Count == 0)
        {
            return;
        }

        string more = faults.Count > MostShown ? $"; and {faults.Count - MostShown} more" : "";
        throw new ModelFormatException(path, $"{string.Join("; ", faults.Take(MostShown))}{more}. {remedy}");
    }

    /// <summary>A name out of an untrusted file, safe to print: quoted, shortened, without control characters.</summary>
    public static string Quote(string name)
    {
        string shown = name.Length > 120 ? name[..120] + "..." : name;
        return "'" + string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + "'";
    }
}
