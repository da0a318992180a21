using System.Globalization;

namespace SafeTuneBed.Text.Jinja;

/// <summary>The <c>attribute</c> argument of filters: a name, a position, or several with dots, each an item of what the one before gave.</summary>
internal static class AttributePath
{
    /// <summary>The item's part; the item itself without a path.</summary>
    public static JinjaValue Resolve(JinjaValue? path, JinjaValue item, JinjaValue? otherwise = null)
    {
        switch (path)
        {
            case null or NoneValue:
                return item;
            case StringValue text:
                foreach (string part in text.Text.Split('.'))
                {
                    bool isPosition = part.Length > 0 && part.All(char.IsAsciiDigit) && long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out _);
                    item = Step(item, isPosition ? new IntegerValue(long.Parse(part, CultureInfo.InvariantCulture)) : new StringValue(part, text.HasContent), otherwise);
                }

                return item;
            default:
                return Step(item, path, otherwise);
        }
    }

    private static JinjaValue Step(JinjaValue item, JinjaValue key, JinjaValue? otherwise)
    {
        JinjaValue part = Lookup.Item(item, key);
        return part is UndefinedValue && otherwise is not (null or NoneValue) ? otherwise : part;
    }
}
