namespace SafeTuneBed.Text.Jinja;

/// <summary>Names and their values; an inner scope sees the outer ones but sets only its own.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, JinjaValue>? values;

    public JinjaValue? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.values is not null && scope.values.TryGetValue(name, out JinjaValue? value))
            {
                return value;
            }
        }

        return null;
    }

    public void Set(string name, JinjaValue value) => (values ??= [])[name] = value;

    private Scope? Outer => parent;
}
