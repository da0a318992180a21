using System.Runtime.CompilerServices;

namespace SafeTuneBed.Text.Jinja;

/// <summary>The tokens of a template with a place in them, and the guard against nesting without end.</summary>
internal sealed class TokenStream(TemplateSource source, List<Token> tokens)
{
    // Each level costs about a dozen stack frames; templates in use stay below 20.
    private const int MaxDepth = 200;

    private int position;
    private int depth;

    public Token Current => tokens[position];

    public Token Next => tokens[Math.Min(position + 1, tokens.Count - 1)];

    public Token Take()
    {
        Token token = Current;
        position = Math.Min(position + 1, tokens.Count - 1);
        return token;
    }

    public bool TakeName(string name) => TakeIf(Current.IsName(name));

    public bool TakeOperator(string symbol) => TakeIf(Current.IsOperator(symbol));

    public Token Expect(TokenKind kind, string what) => Current.Kind == kind ? Take() : throw Expected(what);

    public Token ExpectOperator(string symbol) => Current.IsOperator(symbol) ? Take() : throw Expected($"'{symbol}'");

    public ChatTemplateException Expected(string what) => Fault($"{what} is expected, but {Current.Describe()} stands here.");

    public ChatTemplateException Fault(string message) => Fault(Current.Position, message);

    public ChatTemplateException Fault(int at, string message) => source.Fault(at, message);

    /// <summary>One level deeper.</summary>
    public void Enter()
    {
        if (++depth > MaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fault($"brackets or blocks lie more than {Math.Min(depth, MaxDepth)} deep within one another. Simplify the template.");
        }
    }

    /// <summary>One level back.</summary>
    public void Leave() => depth--;

    private bool TakeIf(bool matches)
    {
        if (matches)
        {
            Take();
        }

        return matches;
    }
}
