namespace SafeTuneBed;

/// <summary>Cleaning of records on reading. Off by default, so that results compare with published ones; part of fingerprints and manifests.</summary>
[Flags]
public enum TextCleaning
{
    /// <summary>Texts stay as they are, to the byte.</summary>
    None = 0,

    /// <summary>White space at the ends of fields goes.</summary>
    TrimFields = 1,

    /// <summary>Line ends become line feeds.</summary>
    NormalizeNewlines = 2,

    /// <summary>Character entities become characters, also those that lost their ampersand (<c>#36;</c>).</summary>
    DecodeEntities = 4,

    /// <summary>Two blanks behind a colon of the answer become one (GSM8K).</summary>
    SingleBlankAnswer = 8,
}
