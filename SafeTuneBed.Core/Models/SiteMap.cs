namespace SafeTuneBed.Models;

/// <summary>The places of one model.</summary>
internal sealed class SiteMap
{
    private readonly DecoderOptions options;
    private readonly Dictionary<Site, long> widths = [];

    public SiteMap(DecoderOptions options, IReadOnlyList<LinearLayer> linears)
    {
        this.options = options;
        widths[Site.Embeddings] = options.HiddenSize;
        int perLayer = linears.Count / options.LayerCount;
        for (int i = 0; i < options.LayerCount; i++)
        {
            foreach (LinearLayer linear in linears.Skip(i * perLayer).Take(perLayer))
            {
                widths[Site.LinearInput(linear.Path).At(i)] = linear.Weight.size(1);
            }

            foreach (Site kind in new[] { Site.AttentionOutput, Site.MlpOutput, Site.BlockOutput })
            {
                widths[kind.At(i)] = options.HiddenSize;
            }
        }

        widths[Site.FinalNorm] = options.HiddenSize;
        widths[Site.Logits] = options.VocabularySize;
    }

    /// <summary>Numbers per position at a place.</summary>
    public long Width(Site place) => widths[place];

    /// <summary>The places that are meant, each once.</summary>
    /// <exception cref="ConfigurationException">One of the sites, or all of none, is no place of this model; the message says what the model has.</exception>
    public IReadOnlyList<Site> Resolve(IEnumerable<Site> sites)
    {
        var found = new List<Site>();
        int asked = 0;
        foreach (Site site in sites)
        {
            asked++;
            Site[] places = [.. widths.Keys.Where(site.Covers)];
            if (places.Length == 0)
            {
                throw new ConfigurationException($"No place of this model is {site}. {Description}");
            }

            found.AddRange(places);
        }

        return asked > 0 ? [.. found.Distinct()] : throw new ConfigurationException($"No place was named. {Description}");
    }

    private string Description
    {
        get
        {
            IEnumerable<string> names = widths.Keys.Where(p => p.Layer == 0 && p.Path is not null).Select(p => p.Path![(p.Path!.LastIndexOf('.') + 1)..]);
            string blocks = FormattableString.Invariant($"layer{(options.LayerCount == 1 ? "" : "s")} 0{(options.LayerCount == 1 ? "" : $" to {options.LayerCount - 1}")}");
            return $"A model of the family {options.Family} has {SiteKind.Embeddings}, {SiteKind.FinalNorm}, {SiteKind.Logits}, and in {blocks} {SiteKind.AttentionOutput}, {SiteKind.MlpOutput}, {SiteKind.BlockOutput} and {SiteKind.LinearInput} of {string.Join(", ", names)}.";
        }
    }
}
