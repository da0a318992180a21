namespace SafeTuneBed.Running;

/// <summary>What must be known of an artifact before it is evaluated.</summary>
/// <param name="Hash">Hash of the files in which it would be saved, so that unrelated files beside an adapter do not count.</param>
/// <param name="Template">Id of the template under which it was trained; null where nobody said.</param>
/// <param name="TemplateFingerprint">SHA-256 of that template.</param>
internal sealed record ArtifactContent(string Hash, string? Template, string? TemplateFingerprint)
{
    public static ArtifactContent Of(IModelHost models, ArtifactReference reference)
    {
        ModelArtifact artifact = reference.Artifact ?? models.Load(reference.Folder!, reference.Model);
        string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;
        try
        {
            models.Save(artifact, folder);
            return new ArtifactContent(CanonicalJson.Hash(RunStore.DescribeFiles(folder)), artifact.Template, artifact.TemplateFingerprint);
        }
        finally
        {
            if (reference.Artifact is null)
            {
                models.Release(artifact);
            }

            DurableFile.DeleteFolder(folder);
        }
    }

    /// <summary>What a reader of the numbers should know when the artifact is asked under another template than it was trained under.</summary>
    public IEnumerable<string> Compare(Text.PromptTemplate asked)
    {
        if (Template is not null && (Template != asked.Id || TemplateFingerprint != asked.Fingerprint))
        {
            yield return Template == asked.Id
                ? $"Asked under another '{asked.Id}' template than it was trained under: the model folder's template has changed since."
                : $"Trained under the template '{Template}' but asked under '{asked.Id}': leave the model reference's Template unset to ask as it was trained.";
        }
    }
}
