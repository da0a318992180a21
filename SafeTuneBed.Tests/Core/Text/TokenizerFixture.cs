using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SafeTuneBed.Text;
using SafeTuneBed.Text.Tokenizing;

namespace SafeTuneBed.Tests.Core.Text;

/// <summary>Compares a tokenizer with a folder's <c>cases.json</c>: every text, every long text by hash, every decoding. Gives all differences at once.</summary>
internal static class TokenizerFixture
{
    public static IReadOnlyList<string> Check(string folder)
    {
        var tokenizer = (HuggingFaceTokenizer)ModelTokenizer.Load(folder);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "cases.json")));
        JsonElement root = document.RootElement;
        var faults = new List<string>();
        int compared = 0;
        foreach (JsonElement item in Items(root, "cases"))
        {
            string text = item.GetProperty("text").GetString()!;
            int[] wanted = Ids(item.GetProperty("ids"));
            Compare($"ids of {Show(text)}", string.Join(',', wanted), string.Join(',', tokenizer.Encode(text, parseSpecialTokens: true)));
            int[] withSpecial = item.TryGetProperty("ids_with_special_tokens", out JsonElement special) ? Ids(special) : wanted;
            SurroundingTokens around = tokenizer.Surrounding;
            Compare($"ids with special tokens of {Show(text)}", string.Join(',', withSpecial), string.Join(',', [.. around.Before, .. wanted, .. around.After]));
            CompareDecoded(item, wanted);
        }

        foreach (JsonElement item in Items(root, "long_cases"))
        {
            string unit = item.GetProperty("unit").GetString()!;
            string text = string.Concat(Enumerable.Repeat(unit, item.GetProperty("times").GetInt32()));
            int[] ids = tokenizer.Encode(text, parseSpecialTokens: true);
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', ids.Select(i => i.ToString(CultureInfo.InvariantCulture))))));
            Compare($"number of ids of many {Show(unit)}", item.GetProperty("length").ToString(), ids.Length.ToString(CultureInfo.InvariantCulture));
            Compare($"hash of many {Show(unit)}", item.GetProperty("sha256_of_ids_joined_by_comma").GetString()!, hash);
            if (item.TryGetProperty("round_trip", out JsonElement roundTrip))
            {
                Compare($"round trip of many {Show(unit)}", roundTrip.GetBoolean().ToString(), (tokenizer.Decode(ids, false) == text).ToString());
            }
        }

        foreach (JsonElement item in Items(root, "decode_cases"))
        {
            CompareDecoded(item, Ids(item.GetProperty("ids")));
        }

        Assert.True(compared > 0, $"{folder} holds no case.");
        return faults;

        void Compare(string what, string wanted, string got)
        {
            compared++;
            if (wanted != got)
            {
                faults.Add($"{what}: expected {Show(wanted)}, got {Show(got)}");
            }
        }

        void CompareDecoded(JsonElement item, int[] ids)
        {
            string decoded = item.GetProperty("decoded").GetString()!;
            string skipping = item.TryGetProperty("decoded_skip_special", out JsonElement skipped) ? skipped.GetString()! : decoded;
            string name = string.Join(',', ids.Take(20));
            Compare($"text of {name}", decoded, tokenizer.Decode(ids, skipSpecialTokens: false));
            Compare($"text without special tokens of {name}", skipping, tokenizer.Decode(ids, skipSpecialTokens: true));
        }
    }

    /// <summary>
    /// The same for <c>tokenizer.model</c> alone, with no file beside it: plain SentencePiece, which knows no special token in a text.
    /// </summary>
    public static IReadOnlyList<string> CheckSentencePiece(string file)
    {
        string alone = Directory.CreateTempSubdirectory("sentencepiece-").FullName;
        try
        {
            File.Copy(file, Path.Combine(alone, Path.GetFileName(file)));
            ModelTokenizer tokenizer = ModelTokenizer.Load(alone);
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(file)!, "cases.json")));
            var faults = new List<string>();
            foreach (JsonElement item in Items(document.RootElement, "cases"))
            {
                string text = item.GetProperty("text").GetString()!;
                int[] wanted = Ids(item.TryGetProperty("sentencepiece_ids", out JsonElement raw) ? raw : item.GetProperty("ids"));
                string decoded = (item.TryGetProperty("sentencepiece_decoded", out JsonElement rawText) ? rawText : item.GetProperty("decoded")).GetString()!;
                int[] got = tokenizer.Encode(text);
                if (!wanted.SequenceEqual(got))
                {
                    faults.Add($"ids of {Show(text)}: expected {string.Join(',', wanted)}, got {string.Join(',', got)}");
                }

                if (tokenizer.Decode(wanted) is var back && back != decoded)
                {
                    faults.Add($"text of the ids of {Show(text)}: expected {Show(decoded)}, got {Show(back)}");
                }
            }

            return faults;
        }
        finally
        {
            Directory.Delete(alone, recursive: true);
        }
    }

    private static IEnumerable<JsonElement> Items(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement items) ? items.EnumerateArray() : [];

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(i => i.GetInt32())];

    private static string Show(string text) => JsonSerializer.Serialize(text.Length > 100 ? text[..100] + "..." : text);
}
