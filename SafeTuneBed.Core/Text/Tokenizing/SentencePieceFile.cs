using System.Buffers.Binary;
using System.Text;

namespace SafeTuneBed.Text.Tokenizing;

/// <summary>What a SentencePiece model file calls its pieces.</summary>
internal enum SentencePieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>A piece of a SentencePiece model. Its id is its place.</summary>
internal readonly record struct SentencePiece(string Text, float Score, SentencePieceKind Kind);

/// <summary>
/// The fields of a SentencePiece model file (<c>tokenizer.model</c>, a protocol buffer) that decide ids. Own code, because Microsoft.ML.Tokenizers
/// reads the file but keeps the scores, which order the merges, to itself.
/// </summary>
internal sealed class SentencePieceFile
{
    private SentencePieceFile()
    {
    }

    public List<SentencePiece> Pieces { get; } = [];

    /// <summary>1 unigram, 2 byte pairs, 3 words, 4 characters.</summary>
    public int ModelType { get; private set; } = 1;

    public bool ByteFallback { get; private set; }

    public string BosPiece { get; private set; } = "<s>";

    public string EosPiece { get; private set; } = "</s>";

    public bool AddsDummyPrefix { get; private set; } = true;

    public bool RemovesExtraSpaces { get; private set; } = true;

    public bool EscapesSpaces { get; private set; } = true;

    public bool SpaceIsSuffix { get; private set; }

    public bool HasCharacterMap { get; private set; }

    public static SentencePieceFile Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(file, $"The file can't be read: {e.Message}", e);
        }

        try
        {
            var model = new SentencePieceFile();
            model.ReadModel(bytes);
            return model.Pieces.Count is > 0 and <= VocabularyTable.LargestId
                ? model
                : throw new ModelFormatException(file, "The file holds no pieces: it is no SentencePiece model.");
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException)
        {
            throw new ModelFormatException(file, $"The file is no SentencePiece model, or damaged: {e.Message}", e);
        }
    }

    private void ReadModel(ReadOnlySpan<byte> bytes)
    {
        while (ProtocolField.TryRead(ref bytes, out ProtocolField field))
        {
            switch (field.Number)
            {
                case 1:
                    Pieces.Add(ReadPiece(field.Message));
                    break;
                case 2:
                    ReadTrainer(field.Message);
                    break;
                case 3:
                    ReadNormalizer(field.Message);
                    break;
            }
        }
    }

    private static SentencePiece ReadPiece(ReadOnlySpan<byte> bytes)
    {
        var piece = new SentencePiece("", 0, SentencePieceKind.Normal);
        while (ProtocolField.TryRead(ref bytes, out ProtocolField field))
        {
            piece = field.Number switch
            {
                1 => piece with { Text = field.Text },
                2 => piece with { Score = field.Number32 },
                3 => piece with { Kind = (SentencePieceKind)field.Integer },
                _ => piece,
            };
        }

        return float.IsNaN(piece.Score) || !Enum.IsDefined(piece.Kind) ? throw new InvalidDataException("a piece has no valid score or kind") : piece;
    }

    private void ReadTrainer(ReadOnlySpan<byte> bytes)
    {
        while (ProtocolField.TryRead(ref bytes, out ProtocolField field))
        {
            switch (field.Number)
            {
                case 3:
                    ModelType = (int)field.Integer;
                    break;
                case 24:
                    SpaceIsSuffix = field.Integer != 0;
                    break;
                case 35:
                    ByteFallback = field.Integer != 0;
                    break;
                case 46:
                    BosPiece = field.Text;
                    break;
                case 47:
                    EosPiece = field.Text;
                    break;
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> bytes)
    {
        while (ProtocolField.TryRead(ref bytes, out ProtocolField field))
        {
            switch (field.Number)
            {
                case 2:
                    HasCharacterMap = field.Message.Length > 0;
                    break;
                case 3:
                    AddsDummyPrefix = field.Integer != 0;
                    break;
                case 4:
                    RemovesExtraSpaces = field.Integer != 0;
                    break;
                case 5:
                    EscapesSpaces = field.Integer != 0;
                    break;
            }
        }
    }

    /// <summary>One field of a protocol buffer message.</summary>
    private readonly ref struct ProtocolField
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

        private readonly int wireType;
        private readonly ulong value;
        private readonly ReadOnlySpan<byte> content;

        private ProtocolField(int number, int wireType, ulong value, ReadOnlySpan<byte> content)
        {
            (Number, this.wireType, this.value) = (number, wireType, value);
            this.content = content;
        }

        public int Number { get; }

        public ulong Integer => wireType == 0 ? value : throw Wrong();

        public float Number32 => wireType == 5 ? BitConverter.Int32BitsToSingle((int)value) : throw Wrong();

        public ReadOnlySpan<byte> Message => wireType == 2 ? content : throw Wrong();

        public string Text => Strict.GetString(Message);

        public static bool TryRead(ref ReadOnlySpan<byte> bytes, out ProtocolField field)
        {
            field = default;
            if (bytes.IsEmpty)
            {
                return false;
            }

            ulong key = ReadVariable(ref bytes);
            int wireType = (int)(key & 7);
            switch (wireType)
            {
                case 0:
                    field = new ProtocolField((int)(key >> 3), wireType, ReadVariable(ref bytes), default);
                    break;
                case 1:
                    field = new ProtocolField((int)(key >> 3), wireType, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8)), default);
                    break;
                case 2:
                    field = new ProtocolField((int)(key >> 3), wireType, 0, Take(ref bytes, ReadVariable(ref bytes)));
                    break;
                case 5:
                    field = new ProtocolField((int)(key >> 3), wireType, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4)), default);
                    break;
                default:
                    throw new InvalidDataException($"a field has the unknown wire type {wireType}");
            }

            return true;
        }

        private static ulong ReadVariable(ref ReadOnlySpan<byte> bytes)
        {
            ulong result = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(ref bytes, 1)[0];
                result |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return result;
                }
            }

            throw new InvalidDataException("a number has too many bytes");
        }

        private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, ulong count)
        {
            if (count > (ulong)bytes.Length)
            {
                throw new InvalidDataException("it ends in the middle of a field");
            }

            ReadOnlySpan<byte> taken = bytes[..(int)count];
            bytes = bytes[(int)count..];
            return taken;
        }

        private InvalidDataException Wrong() => new($"field {Number} has the wrong kind of value");
    }
}
