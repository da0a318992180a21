using SafeTuneBed.Text;
using SafeTuneBed.Training;

namespace SafeTuneBed;

/// <summary>What a method sees of a run when it changes rows or sets a prompt policy: before any weight is loaded. Everything random in it depends on the run's seed alone.</summary>
public sealed class DataContext
{
    private readonly SeedTree seeds;
    private readonly string method;
    private readonly ModelTokenizer tokenizer;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<FinetuneExample>> streams;

    internal DataContext(ModelReference model, FinetuneDatasetConfig dataset, ulong seed, string method, ModelTokenizer tokenizer, IReadOnlyDictionary<string, IReadOnlyList<FinetuneExample>> streams)
    {
        (Model, Dataset, Seed, this.method, this.tokenizer, this.streams) = (model, dataset, seed, method, tokenizer, streams);
        seeds = new SeedTree(seed)["data"][method];
    }

    /// <summary>The model.</summary>
    public ModelReference Model { get; }

    /// <summary>The data set's recipe.</summary>
    public FinetuneDatasetConfig Dataset { get; }

    /// <summary>The run's seed.</summary>
    public ulong Seed { get; }

    /// <summary>The rows of a stream that the method asked for, in their seeded order. Mixed into the user's rows they keep the role <see cref="ExampleRole.Guide"/>.</summary>
    /// <exception cref="InvalidOperationException">The method did not ask for it.</exception>
    public IReadOnlyList<FinetuneExample> Stream(string name) => streams.TryGetValue(name, out IReadOnlyList<FinetuneExample>? rows)
        ? rows
        : throw new InvalidOperationException($"This method did not ask for the stream '{name}'. Override Needs with MethodNeeds.Stream(\"{name}\"), joined to others by And.");

    /// <summary>So many rows of a stream, the first of them.</summary>
    /// <exception cref="ConfigurationException">It has fewer.</exception>
    public IEnumerable<FinetuneExample> Take(string stream, int count) => Stream(stream) is var rows && rows.Count >= count
        ? rows.Take(count)
        : throw new ConfigurationException(FormattableString.Invariant($"The stream '{stream}' has {rows.Count} rows, and '{method}' takes {count} of them. Give it more, or let the method take fewer."));

    /// <summary>The tokens of a text by itself, as the model's tokenizer cuts it: nothing is put before or behind it.</summary>
    public int[] Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return tokenizer.Encode(text);
    }

    /// <summary>A number from 0 up to but not 1, evenly spread. The same for the same seed, method and name, whatever was drawn before.</summary>
    /// <param name="name">Tells draws apart, such as <c>$"prefix {row.RowId}"</c>.</param>
    public double Uniform(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return (seeds[name].Seed >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>
    /// A text of random words of the model's vocabulary, joined by blanks, of at least so many tokens and few more. The same for the same seed, method and name, on every data set.
    /// </summary>
    /// <param name="name">Tells texts of one method apart.</param>
    /// <param name="tokens">1 or more.</param>
    public string RandomText(string name, int tokens)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        int[] order = seeds[name].Permutation(tokenizer.VocabularySize);
        var words = new List<string>();
        for (int i = 0; ; i++)
        {
            if (i >= order.Length && words.Count == 0)
            {
                throw new ConfigurationException($"The vocabulary of '{Model.DisplayName}' has no token of letters and digits, so no random text can be made of it.");
            }

            int id = order[i % order.Length];
            string word = tokenizer.IsSpecial(id) ? "" : tokenizer.Decode([id]).Trim();
            if (word.Length > 0 && word.All(char.IsAsciiLetterOrDigit))
            {
                words.Add(word);
                if (tokenizer.Encode(string.Join(' ', words)).Length >= tokens)
                {
                    return string.Join(' ', words);
                }
            }
        }
    }
}
