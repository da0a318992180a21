namespace SafeTuneBed.Running;

/// <summary>The content hash of an artifact: of the files in which it would be saved, so that unrelated files beside an adapter do not count.</summary>
internal static class ArtifactContent
{
    public static string Hash(IModelHost models, ArtifactReference reference)
    {
        ModelArtifact artifact = reference.Artifact ?? models.Load(reference.Folder!, reference.Model);
        string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;
        try
        {
            models.Save(artifact, folder);
            return CanonicalJson.Hash(RunStore.DescribeFiles(folder));
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
}
