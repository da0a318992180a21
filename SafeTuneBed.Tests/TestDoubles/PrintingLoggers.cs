using Microsoft.Extensions.Logging;

namespace SafeTuneBed.Tests.TestDoubles;

/// <summary>Prints everything that is logged, down to Trace, exceptions included: for child processes whose output is searched.</summary>
internal sealed class PrintingLoggers : ILoggerFactory, ILogger
{
    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
    {
        Console.WriteLine($"scope: {state}");
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Console.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
}
