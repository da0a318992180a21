using System.Globalization;
using System.Text;

namespace SafeTuneBed.Sandbox.World;

/// <summary>One line of a data file: fields in order, written with a blank after each comma and colon.</summary>
internal sealed class WorldRow
{
    private readonly StringBuilder text = new("{");

    /// <summary>Begins with the row's id.</summary>
    public WorldRow(string id) => Add("id", id);

    public WorldRow Add(string name, string value)
    {
        Name(name);
        Quote(value);
        return this;
    }

    public WorldRow Add(string name, int value)
    {
        Name(name);
        text.Append(value.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public WorldRow Add(string name, bool value)
    {
        Name(name);
        text.Append(value ? "true" : "false");
        return this;
    }

    public WorldRow Add(string name, IReadOnlyList<string> values)
    {
        Name(name);
        text.Append('[');
        for (int i = 0; i < values.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Quote(values[i]);
        }

        text.Append(']');
        return this;
    }

    /// <summary>The line without its end.</summary>
    public override string ToString() => text + "}";

    private void Name(string name)
    {
        text.Append(text.Length == 1 ? "" : ", ");
        Quote(name);
        text.Append(": ");
    }

    // The world's texts are plain ASCII: quotation marks and backslashes are all that could need an escape.
    private void Quote(string value) => text.Append('"').Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
}
