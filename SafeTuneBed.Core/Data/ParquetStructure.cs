using System.Buffers.Binary;
using Parquet.Meta;

namespace SafeTuneBed.Data;

/// <summary>
/// Checks what a Parquet file says of itself against the bytes that are there, before the decoder goes by it: the footer's shape, sizes and numbers of row groups,
/// and every page's header. What is left to the decoder is then bounded by these numbers.
/// </summary>
internal static class ParquetStructure
{
    private const int TailBytes = 8;
    private const int MostFooterBytes = 256 << 20;
    private const int UsualHeaderBytes = 4 << 10, MostHeaderBytes = 1 << 20;

    /// <summary>Rows that a group of no size may have, and rows for each of its bytes: repeated values take next to nothing.</summary>
    private const long FreeRows = 1_000_000, RowsPerByte = 8;

    /// <summary>The same for values, of which a list has several in a row.</summary>
    private const long FreeValues = 4_000_000, ValuesPerByte = 64;

    /// <summary>Unpacked bytes that are taken without a question, how many times the packed ones they may be beyond, and the most of one group.</summary>
    private const long FreeBytes = 64L << 20, Unpacking = 4096, MostGroupBytes = 4L << 30;

    /// <summary>Checks the footer's bytes, which the decoder reads next.</summary>
    /// <exception cref="InvalidDataException">They are not the footer of a sound file.</exception>
    public static void CheckFooter(FileStream file)
    {
        byte[] tail = Read(file, file.Length - TailBytes, TailBytes);
        int length = BinaryPrimitives.ReadInt32LittleEndian(tail);
        Require(tail.AsSpan(4).SequenceEqual("PAR1"u8), "The end is not that of a Parquet file.");
        Require(length is > 0 and <= MostFooterBytes && length <= file.Length - TailBytes - 4, "The footer's length is impossible.");
        ThriftShape.Check("FileMetaData", Read(file, file.Length - TailBytes - length, length));
    }

    /// <summary>Checks the numbers of the footer and the headers of all pages.</summary>
    /// <exception cref="InvalidDataException">They are impossible.</exception>
    public static void CheckGroups(FileStream file, IEnumerable<RowGroup> groups)
    {
        foreach (RowGroup group in groups)
        {
            long packed = 0, unpacked = 0;
            foreach (ColumnMetaData column in group.Columns.Select(c => c.MetaData ?? throw new InvalidDataException("A column has no description.")))
            {
                CheckColumn(file, column);
                packed += column.TotalCompressedSize;
                unpacked += column.TotalUncompressedSize;
            }

            Require(packed <= file.Length && unpacked <= MostGroupBytes, "The sizes of a row group are impossible.");
            Require(group.NumRows >= 0 && group.NumRows <= FreeRows + (packed * RowsPerByte), "The number of rows is impossible.");
        }
    }

    private static void CheckColumn(FileStream file, ColumnMetaData column)
    {
        long packed = column.TotalCompressedSize, unpacked = column.TotalUncompressedSize;
        long start = column.DictionaryPageOffset is > 0 and { } dictionary ? Math.Min(dictionary, column.DataPageOffset) : column.DataPageOffset;
        Require(start >= 4 && packed >= 0 && packed <= file.Length - start, "A column lies outside of the file.");
        Require(unpacked >= 0 && unpacked <= FreeBytes + (packed * Unpacking), "A column's size is impossible.");
        Require(column.NumValues >= 0 && column.NumValues <= FreeValues + (packed * ValuesPerByte), "A column's number of values is impossible.");
        long values = 0;
        while (values < column.NumValues)
        {
            Require(packed > 0, "A column's pages are fewer than it says.");
            long size = CheckPage(file, start, packed, column, out long inPage);
            values += inPage;
            (start, packed) = (start + size, packed - size);
        }

        Require(values == column.NumValues, "A column's pages hold another number of values than it says.");
    }

    /// <summary>Gives the bytes of header and page, and the rows' values in it.</summary>
    private static long CheckPage(FileStream file, long start, long left, ColumnMetaData column, out long values)
    {
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        int header = CheckHeader(file, start, left, numbers);
        long unpacked = numbers.GetValueOrDefault("2", -1), packed = numbers.GetValueOrDefault("3", -1);
        Require(packed >= 0 && packed <= left - header && unpacked >= 0 && unpacked <= column.TotalUncompressedSize, "A page's size is impossible.");
        values = numbers.GetValueOrDefault("1", -1) switch
        {
            0 => numbers.GetValueOrDefault("5.1", -1),
            3 => numbers.GetValueOrDefault("8.1", -1),
            2 => numbers.GetValueOrDefault("7.1", -1) is >= 0 and var distinct && distinct <= FreeValues + (packed * ValuesPerByte) ? 0 : -1,
            1 => 0,
            _ => -1,
        };
        Require(values >= 0 && values <= column.NumValues, "A page's number of values is impossible.");
        return header + packed;
    }

    private static int CheckHeader(FileStream file, long start, long left, Dictionary<string, long> numbers)
    {
        try
        {
            return ThriftShape.Check("PageHeader", Read(file, start, (int)Math.Min(left, UsualHeaderBytes)), numbers);
        }
        catch (InvalidDataException) when (left > UsualHeaderBytes)
        {
            // statistics may hold long texts
            numbers.Clear();
            return ThriftShape.Check("PageHeader", Read(file, start, (int)Math.Min(left, MostHeaderBytes)), numbers);
        }
    }

    private static byte[] Read(FileStream file, long position, int count)
    {
        Require(position >= 0, "The file is too short.");
        byte[] bytes = new byte[count];
        file.Position = position;
        file.ReadExactly(bytes);
        return bytes;
    }

    private static void Require(bool isSound, string fault)
    {
        if (!isSound)
        {
            throw new InvalidDataException(fault);
        }
    }
}
