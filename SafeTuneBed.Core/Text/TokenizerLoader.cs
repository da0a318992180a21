using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Text;

/// <summary>Reads the tokenizer of a model folder. <c>tokenizer.json</c> wins over <c>tokenizer.model</c>.</summary>
internal static class TokenizerLoader
{
    public static ModelTokenizer Load(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelFormatException(folder, "The model folder does not exist.");
        }

        TokenizerSettings settings = TokenizerSettings.Read(folder);
        var roles = new Dictionary<string, string>(settings.Roles, StringComparer.Ordinal);
        string file = Path.Combine(folder, "tokenizer.json");
        TokenizerPipeline pipeline;
        bool? addsBos = settings.AddsBos;
        if (File.Exists(file))
        {
            pipeline = TokenizerJsonReader.Read(file);
        }
        else
        {
            file = Path.Combine(folder, "tokenizer.model");
            if (!File.Exists(file))
            {
                throw new ModelFormatException(folder, "The folder holds neither 'tokenizer.json' nor 'tokenizer.model'.");
            }

            (pipeline, SentencePieceFile model) = SentencePieceReader.Read(file, settings);
            AddRole("bos_token", model.BosPiece);
            AddRole("eos_token", model.EosPiece);

            // Llama's tokenizer class adds the id unless told not to.
            addsBos ??= true;
        }

        var added = AddedVocabulary.Collect(file, pipeline, settings, roles.Values);
        foreach (string role in (string[])["bos_token", "eos_token"])
        {
            if (roles.TryGetValue(role, out string? text) && added.ByText(text) is null)
            {
                throw new ModelFormatException(folder, $"The {role} '{text}' is neither in the vocabulary nor among the added tokens.");
            }
        }

        bool firstIsBos = pipeline.Surrounding.Before is [int first, ..]
            && (roles.TryGetValue("bos_token", out string? bos) ? added.ByText(bos)?.Id == first : AddFirstAsBos(first));
        return new HuggingFaceTokenizer(pipeline, added, roles, addsBos ?? firstIsBos, Fingerprint(file, settings, addsBos ?? firstIsBos, added, roles));

        void AddRole(string role, string piece)
        {
            if (pipeline.AddedTokens.Any(t => t.Special && t.Content == piece))
            {
                roles.TryAdd(role, piece);
            }
        }

        bool AddFirstAsBos(int id) => added.ById(id) is { } token && roles.TryAdd("bos_token", token.Content);
    }

    /// <summary>Over the tokenizer file and what the other files change: added tokens, roles, the beginning-of-text rule, the rules for blanks.</summary>
    private static string Fingerprint(string file, TokenizerSettings settings, bool addsBos, AddedVocabulary added, Dictionary<string, string> roles)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(file));
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"\0{addsBos}\0{settings.Legacy}\0{settings.AddsPrefixSpace}");
        foreach (AddedToken token in added.Tokens.OrderBy(t => t.Id))
        {
            text.Append(CultureInfo.InvariantCulture, $"\0{token.Id} {token.Special} {token.LeftStrip} {token.RightStrip} {token.SingleWord} {token.Normalized} {token.Content}");
        }

        foreach ((string role, string token) in roles.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\0{role}={token}");
        }

        hash.AppendData(Encoding.UTF8.GetBytes(text.ToString()));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
