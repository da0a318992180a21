using static TorchSharp.torch;

namespace SafeTuneBed;

/// <summary>
/// One safetensors file, memory-mapped: opening reads the header alone, and a tensor's bytes are read when they are used.
/// Format: https://github.com/huggingface/safetensors (an 8-byte length, a JSON header, the tensors end to end).
/// </summary>
/// <remarks>The mapping is private: writing to a tensor that was read does not reach the file. Pages stay mapped until the last tensor over them is disposed.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private readonly Dictionary<ScalarType, Tensor> maps = [];
    private readonly Lock gate = new();
    private readonly long length;
    private bool disposed;

    private SafetensorsFile(string path, SafetensorsHeader header)
    {
        Path = path;
        Entries = header.Entries;
        Names = [.. header.Entries.Keys.Order(StringComparer.Ordinal)];
        Metadata = header.Metadata;
        length = new FileInfo(path).Length;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name: number type, shape and place.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>The names of all tensors, sorted.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number type, shape and place of one tensor.</summary>
    /// <exception cref="KeyNotFoundException">The file holds no such tensor.</exception>
    public SafetensorsEntry this[string name] => Entries.TryGetValue(name, out SafetensorsEntry? entry)
        ? entry
        : throw new KeyNotFoundException($"{Path} holds no tensor '{name}'.");

    /// <summary>The free text that the file carries, such as <c>format</c>: <c>pt</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <param name="path">A <c>.safetensors</c> file.</param>
    /// <exception cref="ModelFormatException">The file is missing or damaged; the message names every fault that was found.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var faults = new ModelFaults(path);
        SafetensorsFile? file = TryOpen(path, faults);
        faults.ThrowIfAny("Download or write the file again.");
        return file!;
    }

    /// <summary>As <see cref="Open"/>, but notes what is wrong and gives null.</summary>
    internal static SafetensorsFile? TryOpen(string path, ModelFaults faults)
    {
        if (!File.Exists(path))
        {
            faults.Add($"the file {ModelFaults.Quote(System.IO.Path.GetFileName(path))} does not exist");
            return null;
        }

        var own = new ModelFaults(path);
        try
        {
            SafetensorsHeader header = SafetensorsHeader.Read(path, own);
            if (!own.Any)
            {
                return new SafetensorsFile(path, header);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            own.Add("the file can't be read: " + e.Message.TrimEnd('.'));
        }

        foreach (string fault in own.All)
        {
            faults.Add(fault);
        }

        return null;
    }

    /// <summary>
    /// The tensor of that name over the mapped bytes, in its stored number type, on the CPU. A tensor whose place its element size does not divide is copied.
    /// The caller disposes it; it stays valid after this object is disposed.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The file holds no such tensor.</exception>
    public Tensor Read(string name)
    {
        SafetensorsEntry entry = this[name];
        long[] shape = [.. entry.Shape];
        int size = SafetensorsEntry.ElementSize(entry.DataType);
        if (entry.ByteCount == 0)
        {
            return empty(shape, entry.DataType);
        }

        if (entry.Offset % size != 0)
        {
            return Copy(entry, shape);
        }

        using var scope = NewDisposeScope();
        return Map(entry.DataType, size).narrow(0, entry.Offset / size, entry.ByteCount / size).view(shape).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Reads a tensor's bytes into a contiguous tensor of the same shape, converting where the types differ. Not through the mapping: mapped pages would count
    /// as this process's memory beside the copy, and finding each of them costs more than the copy itself.
    /// </summary>
    internal void ReadInto(string name, Tensor target)
    {
        SafetensorsEntry entry = this[name];
        if (!target.shape.SequenceEqual(entry.Shape) || !target.is_contiguous())
        {
            throw new ArgumentException($"'{name}' has shape [{string.Join(", ", entry.Shape)}]; the target must be a contiguous tensor of that shape.", nameof(target));
        }

        if (entry.ByteCount > 0)
        {
            SafetensorsBytes.Read(Path, entry, target);
        }
    }

    /// <summary>
    /// Writes a file: largest elements first (so that every tensor is aligned), then by name, under a header that is padded with blanks to eight bytes.
    /// It is written beside the target and renamed, so that nothing half-written is ever found under <paramref name="path"/>.
    /// </summary>
    /// <param name="path">The file to create or replace.</param>
    /// <param name="tensors">Tensors by name, on any device, of a type that the format knows.</param>
    /// <param name="metadata">Free text to carry. Default: <c>format</c> = <c>pt</c>, which other readers expect.</param>
    /// <exception cref="ArgumentException">A name is empty, reserved or given twice, or a type has no name in the format.</exception>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensors);
        SafetensorsWriter.Write(path, tensors, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
    }

    /// <summary>Lets go of the mapping; tensors that were read keep their own hold on it.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            foreach (Tensor map in maps.Values)
            {
                map.Dispose();
            }

            maps.Clear();
        }
    }

    private Tensor Map(ScalarType type, int size)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (!maps.TryGetValue(type, out Tensor? map))
            {
                map = from_file(Path, false, length / size, type).DetachFromDisposeScope();   // false: a private map; true would create or extend the file
                maps.Add(type, map);
            }

            return map;
        }
    }

    private Tensor Copy(SafetensorsEntry entry, long[] shape)
    {
        Tensor copy = empty(shape, entry.DataType);
        using FileStream stream = File.OpenRead(Path);
        stream.Position = entry.Offset;
        copy.ReadBytesFromStream(stream, 1 << 20);
        return copy;
    }
}
