using SafeTuneBed.Tests.TestDoubles;
using SafeTuneBed.Text;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>The repository's own small tokenizers.</summary>
internal static class GoldenText
{
    public static string Folder(string name) => Path.Combine(SharedFolder.Root, "SafeTuneBed.Tests", "Parity", "golden", "tokenizers", name);

    public static ModelTokenizer Tokenizer(string name) => ModelTokenizer.Load(Folder(name));

    /// <summary>A copy of a tokenizer's folder to change; the caller deletes it.</summary>
    public static string Copy(string name)
    {
        string folder = Directory.CreateTempSubdirectory("tokenizer-").FullName;
        foreach (string file in Directory.GetFiles(Folder(name)))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        return folder;
    }
}
