using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SafeTuneBed.Data;

/// <summary>Reads sources, each once: what was read stays for the life of the store, until the file changes.</summary>
internal sealed class CorpusStore(SourceResolver resolver)
{
    /// <summary>Faulty rows that one error lists.</summary>
    private const int ListedFaults = 5;

    private readonly ConcurrentDictionary<Key, Lazy<Task<Corpus>>> corpora = new();

    /// <summary>The rows of a source.</summary>
    /// <param name="source">Where the rows are.</param>
    /// <param name="mapping">How a record becomes an example.</param>
    /// <param name="name">Corpus name, kept on each row.</param>
    /// <param name="role">Role, kept on each row.</param>
    /// <param name="keepFields">Whether unused columns stay on the rows.</param>
    /// <param name="owner">What the rows are for, in errors.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <param name="transforms">Edits of each row's text.</param>
    public async Task<Corpus> LoadAsync(
        DatasetSource source, RecordMapping mapping, string name, ExampleRole role, bool keepFields, string owner, CancellationToken cancellationToken,
        IReadOnlyList<RowTransform>? transforms = null)
    {
        ResolvedSource file = resolver.Resolve(source, owner);
        var edits = new Edits(transforms ?? []);
        var key = new Key(FileDigest.Key(file.Stamps), source, mapping, name, role, keepFields, edits);
        Lazy<Task<Corpus>> entry = corpora.GetOrAdd(key, k => new Lazy<Task<Corpus>>(() => Task.Run(() => Read(k, file))));
        try
        {
            return await entry.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (entry.Value.IsFaulted)
        {
            corpora.TryRemove(new KeyValuePair<Key, Lazy<Task<Corpus>>>(key, entry));
            throw;
        }
    }

    /// <summary>A source's file and the hash of its bytes, without reading records.</summary>
    public SourceContent Content(DatasetSource source, string owner)
    {
        ResolvedSource file = resolver.Resolve(source, owner);
        return new SourceContent(file, file.Format == DatasetFormat.Memory ? DigestRows(source.Rows ?? []) : FileDigest.Of(file.Stamps));
    }

    /// <summary>Finds a source's file.</summary>
    /// <exception cref="ConfigurationException">None is there.</exception>
    public ResolvedSource Resolve(DatasetSource source, string owner) => resolver.Resolve(source, owner);

    private static Corpus Read(Key key, ResolvedSource file)
    {
        bool inMemory = file.Format == DatasetFormat.Memory;
        IEnumerable<RawRecord> records = inMemory
            ? (key.Source.Rows ?? []).Select(ToRecord)
            : RecordFiles.Read(file, CancellationToken.None);
        var rows = new List<FinetuneExample>();
        var faults = new List<DatasetFormatException>();
        long index = 0;
        foreach (RawRecord raw in records)
        {
            try
            {
                RawRecord record = RecordFiles.Rename(raw, file.Names);
                if (key.Source.Filters.All(f => f.IsMetBy(record)))
                {
                    FinetuneExample example = inMemory ? key.Source.Rows![(int)index] : RecordMapper.Map(record, key.Mapping, key.KeepFields);
                    if (IsInPart(example, key.Source.Partition))
                    {
                        rows.Add(key.Edits.Apply(example) with { Role = key.Role, Origin = new ExampleOrigin(key.Name, index) });
                    }
                }
            }
            catch (DatasetFormatException fault)
            {
                faults.Add(fault);
                if (faults.Count == ListedFaults)
                {
                    break;
                }
            }

            index++;
        }

        Throw(faults);
        IReadOnlyList<FileStamp> stamps = file.Stamps;
        return inMemory
            ? new Corpus(key.Name, rows, "(memory)", DigestRows(key.Source.Rows ?? []), 0, index)
            : new Corpus(key.Name, rows, RecordFiles.NameOf(file), FileDigest.Of(stamps), stamps.Sum(s => s.Bytes), index);
    }

    private static bool IsInPart(FinetuneExample example, SourcePartition? part) =>
        part is null || SelectionOrder.Part(part.Seed, part.Of, PromptKey.Of(example)) == part.Index;

    private static void Throw(List<DatasetFormatException> faults)
    {
        if (faults.Count == 0)
        {
            return;
        }

        DatasetFormatException first = faults[0];
        if (faults.Count == 1)
        {
            throw first;
        }

        string message = first.Message[(first.Message.IndexOf(": ", first.File.Length, StringComparison.Ordinal) + 2)..];
        throw new DatasetFormatException(first.File, first.Line, first.Field, string.Create(
            CultureInfo.InvariantCulture,
            $"{message} More faults in {(faults.Count == ListedFaults ? "at least " : "")}lines {string.Join(", ", faults.Skip(1).Select(f => f.Line))}."), first);
    }

    private static RawRecord ToRecord(FinetuneExample row, int index)
    {
        var fields = new Dictionary<string, string>(row.Fields, StringComparer.Ordinal)
        {
            ["instruction"] = row.Instruction,
            ["input"] = row.Input,
            ["output"] = row.Output,
        };
        if (row.Label is { } label)
        {
            fields["label"] = label;
        }

        if (row.Category is { } category)
        {
            fields["category"] = category;
        }

        return new RawRecord(fields, "(memory)", index + 1L);
    }

    private static string DigestRows(IReadOnlyList<FinetuneExample> rows)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (FinetuneExample row in rows)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{row.RecordId}\u001f{row.System}\u001f{row.Label}\u001f{row.Category}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed record Key(string Stamp, DatasetSource Source, RecordMapping Mapping, string Name, ExampleRole Role, bool KeepFields, Edits Edits);

    /// <summary>Edits of each row, comparable.</summary>
    private sealed record Edits(IReadOnlyList<RowTransform> Transforms)
    {
        public FinetuneExample Apply(FinetuneExample example) => Transforms.Aggregate(example, (row, transform) => transform.Apply(row));

        public bool Equals(Edits? other) => other is not null && Transforms.SequenceEqual(other.Transforms);

        public override int GetHashCode() => Transforms.Count;
    }
}
