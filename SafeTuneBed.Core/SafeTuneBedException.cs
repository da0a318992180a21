namespace SafeTuneBed;

/// <summary>
/// A fault that the user can mend: a wrong file, value or name. The message says what happened, names the value and the remedy;
/// a console app may print it without a stack trace. Faults of the library itself are ordinary .NET exceptions.
/// </summary>
public class SafeTuneBedException : Exception
{
    /// <summary>Creates the exception with a message that names the value and the remedy.</summary>
    public SafeTuneBedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A configuration value is unknown, missing or out of range. Raised before any expensive work.</summary>
public sealed class ConfigurationException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public ConfigurationException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A data file can't be read as what it is said to be. The message holds file, line and field.</summary>
public sealed class DatasetFormatException : SafeTuneBedException
{
    /// <summary>Creates the exception. <paramref name="line"/> is 1-based; 0 where the fault has no line.</summary>
    public DatasetFormatException(string file, long line, string? field, string message, Exception? innerException = null)
        : base($"{file}{(line > 0 ? $", line {line}" : "")}{(field is null ? "" : $", field '{field}'")}: {message}", innerException)
    {
        File = file;
        Line = line;
        Field = field;
    }

    /// <summary>The file that was read.</summary>
    public string File { get; }

    /// <summary>1-based line, or 0.</summary>
    public long Line { get; }

    /// <summary>The field at fault, where there is one.</summary>
    public string? Field { get; }
}

/// <summary>A corpus holds fewer eligible records than the recipe asks for.</summary>
public sealed class InsufficientRecordsException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public InsufficientRecordsException(string corpus, long needed, long available, string remedy)
        : base($"Corpus '{corpus}' has {available} eligible records, but {needed} are needed. {remedy}")
    {
        Corpus = corpus;
        Needed = needed;
        Available = available;
    }

    /// <summary>The corpus that falls short.</summary>
    public string Corpus { get; }

    /// <summary>Records asked for.</summary>
    public long Needed { get; }

    /// <summary>Records left after all filters.</summary>
    public long Available { get; }
}

/// <summary>A corpus under a restrictive licence was used without consent (<c>AcceptLicenses</c>).</summary>
public sealed class LicenseNotAcceptedException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public LicenseNotAcceptedException(string message)
        : base(message)
    {
    }
}

/// <summary>A model folder, tokenizer, adapter or weight file is damaged, incomplete or of an unsupported kind.</summary>
public sealed class ModelFormatException : SafeTuneBedException
{
    /// <summary>Creates the exception for one file or folder.</summary>
    public ModelFormatException(string path, string message, Exception? innerException = null)
        : base($"{path}: {message}", innerException) => Path = path;

    /// <summary>The file or folder at fault.</summary>
    public string Path { get; }
}

/// <summary>A prompt does not fit into the context of the model that was asked.</summary>
public sealed class PromptTooLongException : SafeTuneBedException
{
    /// <summary>Creates the exception.</summary>
    public PromptTooLongException(string model, long tokens, long contextLength)
        : base(FormattableString.Invariant($"'{model}' can't be asked: the prompt has {tokens} tokens, and its context takes {contextLength} with the answer. Shorten the prompt, or ask a model with a longer context."))
        => (Tokens, ContextLength) = (tokens, contextLength);

    /// <summary>Creates the exception for a context and a continuation that are to be scored.</summary>
    internal PromptTooLongException(int request, long context, long continuation, long contextLength)
        : base(FormattableString.Invariant($"Request {request} has {context} + {continuation} tokens, and the model's context takes {contextLength}. Shorten it, or ask a model with a longer context."))
        => (Tokens, ContextLength) = (context + continuation, contextLength);

    /// <summary>Tokens of the prompt.</summary>
    public long Tokens { get; }

    /// <summary>Most tokens of prompt and answer together.</summary>
    public long ContextLength { get; }
}

/// <summary>Training produced gradients that are not finite, several steps in a row.</summary>
public sealed class TrainingDivergedException : SafeTuneBedException
{
    /// <summary>Creates the exception for the optimizer step (from 1) at which training gave up.</summary>
    public TrainingDivergedException(int step, double gradientNorm)
        : base(FormattableString.Invariant($"Training diverged: the gradient norm was {gradientNorm} for several steps in a row, the last one step {step}. Lower the learning rate, clip gradients (MaxGradientNorm), or train in f32."))
    {
        Step = step;
    }

    /// <summary>The optimizer step, from 1.</summary>
    public int Step { get; }
}
