using SafeTuneBed.Methods.None;

namespace SafeTuneBed;

/// <summary>Registers the control <c>none</c>.</summary>
public static class NoneBuilderExtensions
{
    /// <summary>Adds the control <c>none</c>: the model untouched.</summary>
    public static ISafeTuneBedBuilder AddNone(this ISafeTuneBedBuilder builder) =>
        builder.AddMethod<NoneAlgorithm>("none");
}
