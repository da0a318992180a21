namespace SafeTuneBed.Rouge;

/// <summary>
/// Porter's stemmer (1980) for English words in lower case, with the changes that the Natural Language Toolkit makes by default and that published ROUGE numbers with
/// stemming therefore contain: a table of irregular words, "ies" and "ied" of short words, and three further endings.
/// </summary>
internal static class PorterStemmer
{
    private static readonly Dictionary<string, string> Irregular = new(StringComparer.Ordinal)
    {
        ["sky"] = "sky", ["skies"] = "sky", ["dying"] = "die", ["lying"] = "lie", ["tying"] = "tie", ["news"] = "news", ["innings"] = "inning", ["inning"] = "inning",
        ["outings"] = "outing", ["outing"] = "outing", ["cannings"] = "canning", ["canning"] = "canning", ["howe"] = "howe", ["proceed"] = "proceed",
        ["exceed"] = "exceed", ["succeed"] = "succeed",
    };

    private static readonly (string Ending, string Replacement)[] Step2 =
    [
        ("ational", "ate"), ("tional", "tion"), ("enci", "ence"), ("anci", "ance"), ("izer", "ize"), ("bli", "ble"), ("alli", "al"), ("entli", "ent"), ("eli", "e"),
        ("ousli", "ous"), ("ization", "ize"), ("ation", "ate"), ("ator", "ate"), ("alism", "al"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"),
        ("aliti", "al"), ("iviti", "ive"), ("biliti", "ble"), ("fulli", "ful"),
    ];

    private static readonly (string Ending, string Replacement)[] Step3 =
        [("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

    private static readonly string[] Step4 =
        ["al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize"];

    /// <summary>The stem of a word.</summary>
    public static string Stem(string word)
    {
        if (Irregular.TryGetValue(word, out string? known))
        {
            return known;
        }

        return word.Length <= 2 ? word : DropE(RemoveDerivation(Shorten(Derive(EndInI(RemovePast(RemovePlural(word)))))));
    }

    private static string RemovePlural(string word) =>
        word.EndsWith("ies", StringComparison.Ordinal) ? word.Length == 4 ? word[..^1] : word[..^2]
        : word.EndsWith("sses", StringComparison.Ordinal) ? word[..^2]
        : word.EndsWith('s') && !word.EndsWith("ss", StringComparison.Ordinal) ? word[..^1]
        : word;

    private static string RemovePast(string word)
    {
        if (word.EndsWith("ied", StringComparison.Ordinal))
        {
            return word.Length == 4 ? word[..^1] : word[..^2];
        }

        if (word.EndsWith("eed", StringComparison.Ordinal))
        {
            return Measure(word[..^3]) > 0 ? word[..^1] : word;
        }

        string? stem = new[] { "ed", "ing" }.Where(e => word.EndsWith(e, StringComparison.Ordinal)).Select(e => word[..^e.Length]).FirstOrDefault(s => HasVowel(s));
        if (stem is null)
        {
            return word;
        }

        if (stem.EndsWith("at", StringComparison.Ordinal) || stem.EndsWith("bl", StringComparison.Ordinal) || stem.EndsWith("iz", StringComparison.Ordinal))
        {
            return stem + "e";
        }

        return EndsInDouble(stem) ? stem[^1] is 'l' or 's' or 'z' ? stem : stem[..^1]
            : Measure(stem) == 1 && EndsShort(stem) ? stem + "e"
            : stem;
    }

    private static string EndInI(string word) => word.EndsWith('y') && word.Length > 2 && IsConsonant(word, word.Length - 2) ? word[..^1] + "i" : word;

    private static string Derive(string word)
    {
        if (word.EndsWith("alli", StringComparison.Ordinal) && Measure(word[..^4]) > 0)
        {
            return Derive(word[..^2]);
        }

        // "logi" is measured with its l.
        return word.EndsWith("logi", StringComparison.Ordinal) ? Measure(word[..^3]) > 0 ? word[..^1] : word : Replace(word, Step2);
    }

    private static string Shorten(string word) => Replace(word, Step3);

    // The first ending that is there decides.
    private static string Replace(string word, (string Ending, string Replacement)[] rules)
    {
        foreach ((string ending, string replacement) in rules)
        {
            if (word.EndsWith(ending, StringComparison.Ordinal))
            {
                return Measure(word[..^ending.Length]) > 0 ? word[..^ending.Length] + replacement : word;
            }
        }

        return word;
    }

    private static string RemoveDerivation(string word)
    {
        foreach (string ending in Step4)
        {
            if (word.EndsWith(ending, StringComparison.Ordinal))
            {
                string stem = word[..^ending.Length];
                return Measure(stem) > 1 && (ending != "ion" || (stem.Length > 0 && stem[^1] is 's' or 't')) ? stem : word;
            }
        }

        return word;
    }

    private static string DropE(string word)
    {
        if (word.EndsWith('e'))
        {
            string stem = word[..^1];
            int measure = Measure(stem);
            word = measure > 1 || (measure == 1 && !EndsShort(stem)) ? stem : word;
        }

        return word.EndsWith("ll", StringComparison.Ordinal) && Measure(word[..^1]) > 1 ? word[..^1] : word;
    }

    private static bool IsConsonant(string word, int i) => word[i] switch
    {
        'a' or 'e' or 'i' or 'o' or 'u' => false,
        'y' => i == 0 || !IsConsonant(word, i - 1),
        _ => true,
    };

    private static bool HasVowel(string word) => Enumerable.Range(0, word.Length).Any(i => !IsConsonant(word, i));

    private static bool EndsInDouble(string word) => word.Length >= 2 && word[^1] == word[^2] && IsConsonant(word, word.Length - 1);

    // Consonant, vowel, consonant other than w, x and y; or a word of a vowel and a consonant.
    private static bool EndsShort(string word) => word.Length switch
    {
        >= 3 => IsConsonant(word, word.Length - 3) && !IsConsonant(word, word.Length - 2) && IsConsonant(word, word.Length - 1) && word[^1] is not ('w' or 'x' or 'y'),
        2 => !IsConsonant(word, 0) && IsConsonant(word, 1),
        _ => false,
    };

    // How often consonants follow vowels.
    private static int Measure(string word)
    {
        int count = 0;
        for (int i = 1; i < word.Length; i++)
        {
            count += IsConsonant(word, i) && !IsConsonant(word, i - 1) ? 1 : 0;
        }

        return count;
    }
}
