using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace SafeTuneBed.Text.Jinja;

/// <summary>Turns .NET objects into values of the template language.</summary>
internal static class VariableReader
{
    private const int MaxDepth = 64;

    /// <summary>A variable. The texts of <c>messages</c> are content, save for roles and the names of fields.</summary>
    public static JinjaValue Read(string name, object? value)
    {
        if (name != "messages")
        {
            return Convert(name, value, false, 0);
        }

        JinjaValue messages = Convert(name, value, true, 0);
        return messages is SequenceValue { Kind: SequenceKind.List } list ? SequenceValue.List([.. list.Items.Select(ReadMessage)]) : messages;
    }

    private static JinjaValue ReadMessage(JinjaValue value)
    {
        if (value is not DictionaryValue message)
        {
            return value;
        }

        DictionaryValue result = new();
        foreach ((JinjaValue key, JinjaValue field) in message.Entries)
        {
            bool isRole = key is StringValue { Text: "role" } && field is StringValue;
            result.Set(key is StringValue name ? new StringValue(name.Text) : key, isRole ? new StringValue(((StringValue)field).Text) : field);
        }

        return result;
    }

    private static JinjaValue Convert(string name, object? value, bool content, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new TemplateFault($"the variable '{name}' holds lists or dictionaries more than {MaxDepth} deep within one another. Flatten it.");
        }

        switch (value)
        {
            case null:
                return NoneValue.Instance;
            case bool boolean:
                return JinjaValue.Of(boolean);
            case string text:
                return new StringValue(text, content);
            case TextSegment segment:
                return new StringValue(segment.Text, content || !segment.IsTemplate);
            case JsonElement element:
                return ConvertJson(name, element, content, depth);
            case sbyte or byte or short or ushort or int or uint or long:
                return new IntegerValue(System.Convert.ToInt64(value, CultureInfo.InvariantCulture));
            case float or double or decimal:
                return new FloatValue(System.Convert.ToDouble(value, CultureInfo.InvariantCulture));
            case IReadOnlyDictionary<string, object?> dictionary:
                return ConvertEntries(name, dictionary, content, depth);
            case IDictionary dictionary:
                return ConvertEntries(name, dictionary.Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create(
                    entry.Key as string ?? throw Unsupported(name, entry.Key), entry.Value)), content, depth);
            case IEnumerable items:
                return SequenceValue.List([.. items.Cast<object?>().Select(item => Convert(name, item, content, depth + 1))]);
            default:
                throw Unsupported(name, value);
        }
    }

    private static JinjaValue ConvertJson(string name, JsonElement element, bool content, int depth)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                return ConvertEntries(name, element.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, (object?)property.Value)), content, depth);
            case JsonValueKind.Array:
                return SequenceValue.List([.. element.EnumerateArray().Select(item => Convert(name, item, content, depth + 1))]);
            case JsonValueKind.Number:
                bool isInteger = !element.GetRawText().AsSpan().ContainsAny('.', 'e', 'E');
                return isInteger && element.TryGetInt64(out long integer) ? new IntegerValue(integer)
                    : isInteger ? throw new TemplateFault($"the variable '{name}' holds an integer outside of 64 bits.")
                    : new FloatValue(element.GetDouble());
            default:
                return Convert(name, element.ValueKind switch { JsonValueKind.String => element.GetString(), JsonValueKind.True => true, JsonValueKind.False => false, _ => null }, content, depth);
        }
    }

    private static DictionaryValue ConvertEntries(string name, IEnumerable<KeyValuePair<string, object?>> entries, bool content, int depth)
    {
        DictionaryValue result = new();
        foreach ((string key, object? value) in entries)
        {
            result.Set(new StringValue(key, content), Convert(name, value, content, depth + 1));
        }

        return result;
    }

    private static ArgumentException Unsupported(string name, object value) =>
        new($"The template variable '{name}' holds a {value.GetType().Name}. Pass null, truth values, numbers, texts, or lists and dictionaries (with texts as keys) of these.");
}
