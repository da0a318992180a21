using SafeTuneBed.Benchmarks;

// dotnet run -c Release --project benchmarks -- <verb> [options]
Arguments arguments;
try
{
    arguments = new Arguments(args.Skip(1));
    if (arguments.Find("threads") is not null)
    {
        TorchSharp.torch.set_num_threads(arguments.Number("threads", 1)); // before anything is measured
    }

    return (args.FirstOrDefault() ?? "") switch
    {
        "model" => RandomModel.Run(arguments),
        "load" => LoadBenchmark.Run(arguments),
        "train" => TrainBenchmark.Run(arguments),
        "parts" => PartsBenchmark.Run(arguments),
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
