using System.Globalization;

namespace SafeTuneBed.Benchmarks;

/// <summary>Options of the form <c>--name value</c>.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public Arguments(IEnumerable<string> args)
    {
        foreach (string[] pair in args.Chunk(2))
        {
            if (pair.Length != 2 || !pair[0].StartsWith("--", StringComparison.Ordinal) || !values.TryAdd(pair[0][2..], pair[1]))
            {
                throw new ArgumentException($"Options are written '--name value', each once; what begins at '{pair[0]}' is not.");
            }
        }
    }

    public string? Find(string name) => values.GetValueOrDefault(name);

    public string Text(string name, string fallback) => Find(name) ?? fallback;

    public int Number(string name, int fallback) => Find(name) is not { } text ? fallback
        : int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) && number > 0 ? number
        : throw new ArgumentException($"--{name} is '{text}'; give a whole number from 1.");

    /// <summary>The number type asked for; null for <c>auto</c>.</summary>
    public TorchSharp.torch.ScalarType? Type() => Text("type", "auto") switch
    {
        "auto" => null,
        "f32" => TorchSharp.torch.ScalarType.Float32,
        "bf16" => TorchSharp.torch.ScalarType.BFloat16,
        var other => throw new ArgumentException($"--type is '{other}'; use auto, f32 or bf16."),
    };

    /// <summary>Says what can be done; the exit code of a wrong call.</summary>
    public static int Explain(string fault)
    {
        Console.Error.WriteLine(fault);
        Console.Error.WriteLine("""
            Every verb takes --threads n. With 1 the time measured is the processor's: on a machine that others use too, nothing else can be compared.
            model   --out <folder> [--size tiny|sandbox-size|20m|25m|110m|1b] [--type bf16|f16|f32] [--shards 1] [--positions 2048] [--tokenizer <folder>] a Llama folder with random weights, its own or a given tokenizer
            data    --tokenizer <folder> --source <alpaca.json> [--records 50000] [--template alpaca|raw] rendering, tokenizing, masking: rows a second and memory
            cells   --model <folder> --data <folder> [--rows 40] [--steps 8] [--accept alpaca,agnews,samsum] a small cell of each real task: plan, preview, loss by role
            load    --model <folder> [--type auto|f32|bf16]                                       loading against reading the bytes; peak memory; first token
            train   [--size sandbox,25m,110m] [--type f32|bf16] [--repeats 5] [--out file]         a LoRA step against the machine's ceiling and the plain way
            methods [--size sandbox,25m] [--repeats 7] [--out file]                                a step of each defense against a LoRA step
            parts   [--size 25m] [--batch 4] [--length 256] [--type f32|bf16]                      where the time of such a step goes
            decode  [--size 110m | --model <folder>] [--tokens 64]                                 greedy decoding by batch, mixed lengths, common beginnings
            mmlu    --model <folder> --data <folder> [--subjects anatomy,...] [--questions 100] [--naive 100] multiple choice in one pass for all options against a pass for each
            choice  [--size 25m | --model <folder>] [--questions 8]                                multiple choice against one prompt at a time
            judge   [--size sandbox-size,25m | --model <folder>] [--answers 500] [--naive 25]      a local model as judge, by text and by first word, against one answer at a time
            soak    [--steps 10000]                                                                living tensors and memory over many steps
            all     [--size sandbox,25m,110m] [--repeats 3] [--out benchmarks.json]                everything above, and one JSON file
            memory  --model <folder> [--batch 4] [--length 256] [--steps 3] [--prompts 8] [--type auto|f32|bf16] the plan's estimate against the measured peak
            """);
        return 2;
    }
}
