using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Diagnostics;

/// <summary>
/// Decides <see cref="DataType.Auto"/> by measuring once per process and device. On processors with bf16 units such products run about three times as fast
/// as in f32, on others thirty times slower; nothing but a measurement tells which.
/// </summary>
/// <remarks>
/// The rule: f32 for models narrower than <see cref="LeastWidth"/>, on any device, because there the number of operations and not the products take the time,
/// and f32 is comparable across machines; above that bf16 where its products run at least <see cref="LeastGain"/> times as fast as f32's, else f32.
/// </remarks>
internal static class CapabilityProbe
{
    /// <summary>Models narrower than this compute in f32.</summary>
    public const int LeastWidth = 1024;

    /// <summary>How much faster bf16 must be to be chosen: well above the noise of a busy machine, well below the gain of real bf16 units.</summary>
    public const double LeastGain = 1.3;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, double> Gains = new(StringComparer.Ordinal);

    /// <summary>The type to compute in.</summary>
    /// <param name="requested">What the user asked for; anything but Auto is taken as it is.</param>
    /// <param name="device">Where the model will be.</param>
    /// <param name="width">Width of the model's residual stream.</param>
    public static ScalarType Choose(DataType requested, Device device, int width) => requested switch
    {
        DataType.Float32 => ScalarType.Float32,
        DataType.BFloat16 => ScalarType.BFloat16,
        DataType.Float16 => ScalarType.Float16,
        DataType.Auto => width >= LeastWidth && BFloat16Gain(device) >= LeastGain ? ScalarType.BFloat16 : ScalarType.Float32,
        _ => throw new ArgumentOutOfRangeException(nameof(requested), requested, "Unknown data type."),
    };

    /// <summary>How many times as fast as in f32 a product runs in bf16 on the device; 0 where bf16 does not work at all. Measured on first use, in a fraction of a second.</summary>
    public static double BFloat16Gain(Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (Gate)
        {
            string key = device.ToString();
            if (!Gains.TryGetValue(key, out double gain))
            {
                gain = Measure(device);
                Gains.Add(key, gain);
            }

            return gain;
        }
    }

    private static double Measure(Device device)
    {
        try
        {
            return Time(ScalarType.Float32, device) / Time(ScalarType.BFloat16, device);
        }
        catch (ExternalException)   // the device has no bf16 products
        {
            return 0;
        }
    }

    // The best of a few runs of one product, in seconds; the first one, in which libraries load, is not counted.
    private static double Time(ScalarType type, Device device)
    {
        const int runs = 4;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        bool cuda = device.type == DeviceType.CUDA;
        Tensor a = ones([256, cuda ? 4096 : 384], type, device), b = ones([a.size(1), cuda ? 4096 : 1024], type, device);
        double best = double.MaxValue;
        for (int i = 0; i <= runs; i++)
        {
            if (cuda)
            {
                torch.cuda.synchronize(device);
            }

            long start = Stopwatch.GetTimestamp();
            using Tensor product = a.mm(b);
            if (cuda)
            {
                torch.cuda.synchronize(device);
            }

            if (i > 0)
            {
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        }

        return best;
    }
}
