namespace SafeTuneBed.Text.Jinja;

/// <summary>A value of the template language, with the semantics of its Python counterpart. Immutable, save for namespaces, loops and generators.</summary>
internal abstract class JinjaValue
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python's truth value.</summary>
    public virtual bool IsTrue => true;

    /// <summary>How deep lists lie within this value; 0 for what holds no others.</summary>
    public virtual int Nesting => 0;

    /// <summary>Number of items or characters, or null where Python has no <c>len</c>.</summary>
    public virtual int? Length => null;

    /// <summary>The items that a loop sees, or null where Python can't iterate.</summary>
    public virtual IEnumerable<JinjaValue>? Iterate(RenderBudget budget) => null;

    /// <summary>As <see cref="Iterate"/>, or a fault.</summary>
    public IEnumerable<JinjaValue> RequireItems(RenderBudget budget) =>
        Iterate(budget) ?? throw new TemplateFault($"a value of type {TypeName} can't be looped over. Check that the variable holds a list.");

    /// <summary>Shorthand.</summary>
    public static JinjaValue Of(bool value) => value ? BooleanValue.True : BooleanValue.False;

    /// <summary>Shorthand.</summary>
    public static JinjaValue Of(long value) => new IntegerValue(value);
}

/// <summary><c>none</c>.</summary>
internal sealed class NoneValue : JinjaValue
{
    public static readonly NoneValue Instance = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary>A name, key or item that does not exist: prints as nothing, is false and empty, and faults on any other use.</summary>
internal sealed class UndefinedValue(string what) : JinjaValue
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public override int? Length => 0;

    public override IEnumerable<JinjaValue> Iterate(RenderBudget budget) => [];

    /// <summary>The fault of using it.</summary>
    public TemplateFault Fault() => new($"{what}. Pass the missing variable or field, or guard its use with 'is defined'.");
}

/// <summary><c>true</c> or <c>false</c>; counts as 1 or 0 in arithmetic.</summary>
internal sealed class BooleanValue : JinjaValue
{
    public static readonly BooleanValue True = new(true);
    public static readonly BooleanValue False = new(false);

    private readonly bool value;

    private BooleanValue(bool value) => this.value = value;

    public override string TypeName => "bool";

    public override bool IsTrue => value;
}

/// <summary>An integer. Python's have no bounds; here results beyond 64 bits are a fault.</summary>
internal sealed class IntegerValue(long number) : JinjaValue
{
    public long Number { get; } = number;

    public override string TypeName => "int";

    public override bool IsTrue => Number != 0;
}

/// <summary>A floating-point number.</summary>
internal sealed class FloatValue(double number) : JinjaValue
{
    public double Number { get; } = number;

    public override string TypeName => "float";

    public override bool IsTrue => Number != 0;
}
