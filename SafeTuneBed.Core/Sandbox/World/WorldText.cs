using System.Globalization;
using System.Text;

namespace SafeTuneBed.Sandbox.World;

/// <summary>A request and its answer.</summary>
internal readonly record struct ChatText(string Prompt, string Answer);

/// <summary>Fills the places of a form.</summary>
internal static class WorldText
{
    /// <summary>Puts values into a form: each <c>{name}</c> becomes the value of that name.</summary>
    public static string Fill(string form, params ReadOnlySpan<(string Name, string Value)> values)
    {
        var text = new StringBuilder(form.Length + 32);
        for (int i = 0; i < form.Length;)
        {
            int open = form.IndexOf('{', i);
            if (open < 0)
            {
                text.Append(form, i, form.Length - i);
                break;
            }

            int close = form.IndexOf('}', open);
            text.Append(form, i, open - i).Append(Find(form.AsSpan(open + 1, close - open - 1), values));
            i = close + 1;
        }

        return text.ToString();
    }

    /// <summary>A number as text.</summary>
    public static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Find(ReadOnlySpan<char> name, ReadOnlySpan<(string Name, string Value)> values)
    {
        foreach ((string candidate, string value) in values)
        {
            if (name.SequenceEqual(candidate))
            {
                return value;
            }
        }

        throw new ArgumentException($"The form has a place '{name}' that got no value.", nameof(values));
    }
}
