using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace SafeTuneBed.Diagnostics;

/// <summary>Reads the name of a device.</summary>
internal static class ComputeDevice
{
    /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>; null takes cuda where it is present, else cpu.</summary>
    /// <exception cref="ConfigurationException">The name is another one, or the device is not present.</exception>
    public static Device Parse(string? name)
    {
        if (name is null)
        {
            return torch.cuda.is_available() ? CUDA : CPU;
        }

        if (name == "cpu")
        {
            return CPU;
        }

        int index = 0;
        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            throw new ConfigurationException($"The device '{name}' is unknown. Use cpu, cuda or cuda:N.");
        }

        if (!torch.cuda.is_available() || index >= torch.cuda.device_count())
        {
            throw new ConfigurationException($"The device '{name}' is not present. Use cpu, or reference a CUDA back end of TorchSharp.");
        }

        return device(DeviceType.CUDA, index);
    }
}
