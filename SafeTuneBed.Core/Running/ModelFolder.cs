using SafeTuneBed.Sandbox;

namespace SafeTuneBed.Running;

/// <summary>Where a model's files lie.</summary>
internal static class ModelFolder
{
    /// <summary>The folder of a model reference; for the sandbox that of its aligned model, embedded or from outside.</summary>
    /// <exception cref="ModelFormatException">There is no such folder.</exception>
    /// <exception cref="ConfigurationException">The sandbox's outside folder lacks files, or the embedded one can't be unpacked.</exception>
    public static string Of(ModelReference model, BedSettings settings)
    {
        if (model.IsSandbox)
        {
            return SandboxFolder.Resolve(settings.SandboxFolder).Aligned;
        }

        string folder = Path.GetFullPath(model.Location);
        return Directory.Exists(folder)
            ? folder
            : throw new ModelFormatException(folder, $"there is no such folder. Give '{model.DisplayName}' as the folder of a Hugging Face model, with config.json, safetensors and tokenizer files, or use the reserved name sandbox.");
    }
}
