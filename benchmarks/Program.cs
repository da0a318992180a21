using SafeTuneBed.Benchmarks;

// dotnet run -c Release --project benchmarks -- <verb> [options]
Arguments arguments;
try
{
    arguments = new Arguments(args.Skip(1));
}
catch (ArgumentException e)
{
    return Arguments.Explain(e.Message);
}

// As in the library all computing is done on one thread of its own: the memory of the process's first thread behaves otherwise.
int exit = 0;
var thread = new Thread(() => exit = Run(args.FirstOrDefault() ?? ""), 16 << 20);
thread.Start();
thread.Join();
return exit;

int Run(string verb)
{
    try
    {
        if (arguments.Find("threads") is not null)
        {
            TorchSharp.torch.set_num_threads(arguments.Number("threads", 1)); // before anything is measured
        }

        return verb switch
        {
            "model" => RandomModel.Run(arguments),
            "load" => LoadBenchmark.Run(arguments),
            "train" => TrainBenchmark.Run(arguments),
            "methods" => MethodBenchmark.Run(arguments),
            "parts" => PartsBenchmark.Run(arguments),
            "choice" => ChoiceBenchmark.Run(arguments),
            "soak" => SoakBenchmark.Run(arguments),
            "all" => AllBenchmark.Run(arguments),
            "decode" => DecodeBenchmark.Run(arguments),
            "data" => DataBenchmark.RunAsync(arguments).GetAwaiter().GetResult(),
            "cells" => TaskCells.RunAsync(arguments).GetAwaiter().GetResult(),
            "judge" => JudgeBenchmark.RunAsync(arguments).GetAwaiter().GetResult(),
            "mmlu" => MmluBenchmark.RunAsync(arguments).GetAwaiter().GetResult(),
            "memory" => MemoryBenchmark.RunAsync(arguments).GetAwaiter().GetResult(),
            _ => Arguments.Explain($"'{verb}' is no verb."),
        };
    }
    catch (Exception e) when (e is ArgumentException or SafeTuneBed.SafeTuneBedException)
    {
        return Arguments.Explain(e.Message);
    }
}
