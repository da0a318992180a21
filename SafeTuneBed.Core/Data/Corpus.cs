namespace SafeTuneBed.Data;

/// <summary>The mapped rows of one source.</summary>
/// <param name="Name">Corpus name.</param>
/// <param name="Rows">Rows after the source's filters and part, in file order.</param>
/// <param name="File">The file's name as the source gives it; no machine's path.</param>
/// <param name="Sha256">SHA-256 of the file's bytes, hex.</param>
/// <param name="Bytes">Bytes of the file; 0 in memory.</param>
/// <param name="Records">Records in the file, before filters and part.</param>
internal sealed record Corpus(string Name, IReadOnlyList<FinetuneExample> Rows, string File, string Sha256, long Bytes, long Records);

/// <summary>A source's file and the hash of its bytes.</summary>
/// <param name="Source">The file, and how it is read.</param>
/// <param name="Sha256">SHA-256 of its bytes, hex.</param>
internal readonly record struct SourceContent(ResolvedSource Source, string Sha256);
