namespace SafeTuneBed.Running;

/// <summary>The content hash of an artifact: of the files in which it would be saved, so that unrelated files beside an adapter do not count.</summary>
internal static class ArtifactContent
{
    public static string Hash(IModelHost models, ModelArtifact artifact)
    {
        string folder = Directory.CreateTempSubdirectory("safetunebed-").FullName;
        try
        {
            models.Save(artifact, folder);
            return CanonicalJson.Hash(RunStore.DescribeFiles(folder));
        }
        finally
        {
            DurableFile.DeleteFolder(folder);
        }
    }
}
