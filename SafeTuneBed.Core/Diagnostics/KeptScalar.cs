using TorchSharp;

namespace SafeTuneBed.Diagnostics;

/// <summary>
/// Numbers for torch's operations that stay alive while an operation reads them. A number that C# converts to a <see cref="Scalar"/> on the way into a
/// call belongs to nobody once its handle was taken: a garbage collection during the call may free its native half under the operation's hands, which
/// then fails ("false INTERNAL ASSERT FAILED ... Scalar.h"). Rare, but seen: twice in eight runs of the test suite.
/// </summary>
/// <remarks>
/// Each thread holds its last <see cref="Room"/> numbers. An operation runs on the thread that made its number and is over long before so many more
/// were made; the number that leaves is freed at once, so nothing is left to the collector.
/// TorchSharp's <c>square()</c> and <c>add(Tensor)</c> make such numbers inside: use <c>x.mul(x)</c> and the overload with <c>alpha</c>.
/// </remarks>
internal static class KeptScalar
{
    private const int Room = 64;

    [ThreadStatic] private static Scalar?[]? kept;
    [ThreadStatic] private static int next;

    /// <summary>1, for the <c>alpha</c> of sums.</summary>
    public static Scalar One => Of(1L);

    public static Scalar Of(double value) => Keep(value.ToScalar());

    public static Scalar Of(long value) => Keep(value.ToScalar());

    private static Scalar Keep(Scalar scalar)
    {
        kept ??= new Scalar?[Room];
        next = (next + 1) % Room;
        kept[next]?.Dispose();
        kept[next] = scalar;
        return scalar;
    }
}
