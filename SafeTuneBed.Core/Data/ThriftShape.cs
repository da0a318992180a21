using System.Collections.Frozen;
using System.Globalization;

namespace SafeTuneBed.Data;

/// <summary>
/// Walks a structure of Thrift's compact protocol and compares it with what Parquet says its fields are, before a decoder trusts it: a length beyond the
/// bytes that are there, or a field of another kind, can send a decoder round for ever. Fields that are not known here are skipped, as the format asks.
/// </summary>
internal static class ThriftShape
{
    private const int Deepest = 32;

    // parquet.thrift, as far as files for tables use it: field number, then kind; [x] a list of x; a capital letter begins another structure
    private static readonly FrozenDictionary<string, FrozenDictionary<int, string>> Structures = Parse("""
        FileMetaData 1 int 2 [Schema] 3 int 4 [RowGroup] 5 [Pair] 6 text 7 [Order] 8 Any 9 text
        Schema 1 int 2 int 3 int 4 text 5 int 6 int 7 int 8 int 9 int 10 Logical
        Logical 1 Any 2 Any 3 Any 4 Any 5 Decimal 6 Any 7 Time 8 Time 10 Int 11 Any 12 Any 13 Any 14 Any 15 Any
        Decimal 1 int 2 int
        Time 1 flag 2 Unit
        Unit 1 Any 2 Any 3 Any
        Int 1 byte 2 flag
        Order 1 Any
        Pair 1 text 2 text
        RowGroup 1 [Chunk] 2 int 3 int 4 [Sorting] 5 int 6 int 7 int
        Sorting 1 int 2 flag 3 flag
        Chunk 1 text 2 int 3 Column 4 int 5 int 6 int 7 int 8 Any 9 text
        Column 1 int 2 [int] 3 [text] 4 int 5 int 6 int 7 int 8 [Pair] 9 int 10 int 11 int 12 Statistics 13 [PageStatistics] 14 int 15 int 16 Sizes 17 Any
        Statistics 1 text 2 text 3 int 4 int 5 text 6 text 7 flag 8 flag
        PageStatistics 1 int 2 int 3 int
        Sizes 1 int 2 [int] 3 [int]
        PageHeader 1 int 2 int 3 int 4 int 5 DataPage 6 Any 7 DictionaryPage 8 DataPage2
        DataPage 1 int 2 int 3 int 4 int 5 Statistics
        DictionaryPage 1 int 2 int 3 flag
        DataPage2 1 int 2 int 3 int 4 int 5 int 6 int 7 flag 8 Statistics
        Any
        """);

    /// <summary>Walks one structure.</summary>
    /// <param name="structure">Its name, such as <c>FileMetaData</c>.</param>
    /// <param name="bytes">Its bytes and perhaps more.</param>
    /// <param name="numbers">Gets whole numbers by path, such as <c>5.1</c> for field 1 of field 5; none of lists.</param>
    /// <returns>The bytes that it takes.</returns>
    /// <exception cref="InvalidDataException">It is cut off, or not of this shape.</exception>
    public static int Check(string structure, ReadOnlySpan<byte> bytes, Dictionary<string, long>? numbers = null)
    {
        var walk = new Walk(bytes, numbers);
        walk.Structure(structure, "", 0);
        return walk.Position;
    }

    private static FrozenDictionary<string, FrozenDictionary<int, string>> Parse(string table) => table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToFrozenDictionary(
        words => words[0],
        words => words.Skip(1).Chunk(2).ToFrozenDictionary(field => int.Parse(field[0], CultureInfo.InvariantCulture), field => field[1]),
        StringComparer.Ordinal);

    private ref struct Walk(ReadOnlySpan<byte> bytes, Dictionary<string, long>? numbers)
    {
        private readonly ReadOnlySpan<byte> bytes = bytes;

        public int Position { get; private set; }

        public void Structure(string name, string path, int depth)
        {
            if (depth > Deepest)
            {
                throw new InvalidDataException("A structure is nested too deep.");
            }

            FrozenDictionary<int, string> fields = Structures[name];
            long id = 0;
            while (true)
            {
                byte head = Next();
                int kind = head & 15;
                if (head == 0)
                {
                    return;
                }

                id = head >> 4 is > 0 and var step ? id + step : Number();
                string expected = fields.GetValueOrDefault(id is > 0 and <= short.MaxValue ? (int)id : 0, "");
                Value(kind, expected, numbers is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{path}{id}"), depth, inList: false);
            }
        }

        private void Value(int kind, string expected, string path, int depth, bool inList)
        {
            if (!IsOf(kind, expected))
            {
                throw new InvalidDataException("A field is of the wrong kind.");
            }

            switch (kind)
            {
                case 1 or 2:
                    _ = inList ? Next() : 0;
                    break;
                case 3:
                    Next();
                    break;
                case 4 or 5 or 6:
                    long number = Number();
                    if (numbers is not null && !inList)
                    {
                        numbers[path] = number;
                    }

                    break;
                case 7:
                    Skip(8);
                    break;
                case 8:
                    Skip(Size());
                    break;
                case 9 or 10:
                    List(expected.Length > 0 ? expected[1..^1] : "", depth);
                    break;
                case 11:
                    Map(depth);
                    break;
                case 12:
                    Structure(expected.Length > 0 ? expected : "Any", path + ".", depth + 1);
                    break;
                default:
                    throw new InvalidDataException("A field is of no known kind.");
            }
        }

        private void List(string expected, int depth)
        {
            byte head = Next();
            long count = head >> 4 == 15 ? Size() : head >> 4;
            for (long i = 0; i < count; i++)
            {
                Value(head & 15, expected, "", depth + 1, inList: true);
            }
        }

        private void Map(int depth)
        {
            long count = Size();
            byte kinds = count == 0 ? (byte)0 : Next();
            for (long i = 0; i < count; i++)
            {
                Value(kinds >> 4, "", "", depth + 1, inList: true);
                Value(kinds & 15, "", "", depth + 1, inList: true);
            }
        }

        // every element takes a byte at least, so no loop is longer than the bytes that are left
        private long Size()
        {
            ulong size = Variable();
            return size <= (ulong)(bytes.Length - Position) ? (long)size : throw new InvalidDataException("A length points beyond the end.");
        }

        private long Number()
        {
            ulong value = Variable();
            return (long)(value >> 1) ^ -(long)(value & 1);
        }

        private ulong Variable()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte b = Next();
                value |= (ulong)(b & 127) << shift;
                if (b < 128)
                {
                    return value;
                }
            }

            throw new InvalidDataException("A number is too long.");
        }

        private byte Next() => Position < bytes.Length ? bytes[Position++] : throw new InvalidDataException("A structure is cut off.");

        private void Skip(long count) => Position = count <= bytes.Length - Position ? Position + (int)count : throw new InvalidDataException("A structure is cut off.");

        private static bool IsOf(int kind, string expected) => expected switch
        {
            "" => true,
            "flag" => kind is 1 or 2,
            "byte" => kind == 3,
            "int" => kind is 4 or 5 or 6,
            "text" => kind == 8,
            ['[', ..] => kind is 9,
            _ => kind == 12,
        };
    }
}
