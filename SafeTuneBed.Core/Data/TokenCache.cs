using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Data;

/// <summary>
/// Tokens of whole corpora on disk, a file each, named by a hash of everything that decides them: rows in order, template, tokenizer, length, policy. A file is
/// verified on reading by its own hash; one that fails is made anew.
/// </summary>
/// <param name="folder">Where the files are.</param>
internal sealed class TokenCache(string folder)
{
    /// <summary>Key of the rows' encodings.</summary>
    public static string KeyOf(IReadOnlyList<FinetuneExample> rows, string encoder)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        Add(encoder);
        foreach (FinetuneExample row in rows)
        {
            Add(row.RecordId);
            Add(row.System is { } system ? "+" + system : "");
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The encodings of the rows; null when there are none, or they are damaged or can't be read.</summary>
    public IReadOnlyDictionary<ExampleOrigin, EncodedExample>? Read(string key, IReadOnlyList<FinetuneExample> rows)
    {
        try
        {
            return File.Exists(PathOf(key)) ? TokenFile.Read(PathOf(key), Convert.FromHexString(key), rows) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // encoding anew is always possible
        }
    }

    /// <summary>Keeps the encodings; written beside and renamed, so that no half file is ever read.</summary>
    /// <exception cref="ConfigurationException">The folder can't be written.</exception>
    public void Write(string key, IReadOnlyList<FinetuneExample> rows, IReadOnlyDictionary<ExampleOrigin, EncodedExample> encodings)
    {
        string path = PathOf(key), beside = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            Directory.CreateDirectory(folder);
            TokenFile.Write(beside, Convert.FromHexString(key), rows, encodings);
            File.Move(beside, path, overwrite: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The token cache {folder} can't be written: {fault.Message} Give UseTokenCache another folder, or leave it out.", fault);
        }
    }

    private string PathOf(string key) => Path.Combine(folder, key[..32] + ".tokens");
}
