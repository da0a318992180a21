using System.Text.RegularExpressions;
using SafeTuneBed.Sandbox;

namespace SafeTuneBed.Running;

/// <summary>Where a model's files lie.</summary>
internal static partial class ModelFolder
{
    /// <summary>The folder of a model reference; for the sandbox that of its aligned or base model, embedded or from outside.</summary>
    /// <exception cref="ModelFormatException">There is no such folder.</exception>
    /// <exception cref="ConfigurationException">The sandbox's outside folder lacks files, or the embedded one can't be unpacked.</exception>
    public static string Of(ModelReference model, BedSettings settings)
    {
        if (model.IsSandbox)
        {
            SandboxFolder sandbox = SandboxFolder.Resolve(settings.SandboxFolder);
            return model.Location == ModelReference.SandboxBaseId ? sandbox.Base : sandbox.Aligned;
        }

        string folder = Path.GetFullPath(model.Location);
        return Directory.Exists(folder) ? folder : throw new ModelFormatException(folder, Missing(model.Location));
    }

    private static string Missing(string location)
    {
        const string Needed = "a Hugging Face model with config.json, safetensors and tokenizer files";
        return HubId().IsMatch(location)
            ? $"there is no such folder, and '{location}' looks like the id of a hub model. Nothing is downloaded here: fetch it once, with `hf download {location} --local-dir <folder>`, and give that folder ({Needed})."
            : $"there is no such folder. Nothing is downloaded here: give the local folder of {Needed}, such as `hf download <id> --local-dir <folder>` makes, or use a reserved name: {ModelReference.SandboxId} or {ModelReference.SandboxBaseId}.";
    }

    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex HubId();
}
