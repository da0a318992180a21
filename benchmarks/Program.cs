using SafeTuneBed.Benchmarks;

// dotnet run -c Release --project benchmarks -- <verb> [options]
Arguments arguments;
try
{
    arguments = new Arguments(args.Skip(1));
    return (args.FirstOrDefault() ?? "") switch
    {
        "model" => RandomModel.Run(arguments),
        "load" => LoadBenchmark.Run(arguments),
        "decode" => DecodeBenchmark.Run(arguments),
        "data" => await DataBenchmark.RunAsync(arguments),
        "cells" => await TaskCells.RunAsync(arguments),
        "memory" => await MemoryBenchmark.RunAsync(arguments),
        var verb => Arguments.Explain($"'{verb}' is no verb."),
    };
}
catch (Exception e) when (e is ArgumentException or SafeTuneBed.SafeTuneBedException)
{
    return Arguments.Explain(e.Message);
}
