namespace SafeTuneBed.Benchmarks;

/// <summary>The plan's memory estimate against the peak that the process reached.</summary>
internal static class MemoryBenchmark
{
    public static async Task<int> RunAsync(Arguments arguments)
    {
        string folder = arguments.Find("model") ?? throw new ArgumentException("Name the model's folder: --model <folder>.");
        int batch = arguments.Number("batch", 4), length = arguments.Number("length", 256), steps = arguments.Number("steps", 3);
        string work = Directory.CreateTempSubdirectory("safetunebed-memory-").FullName;
        try
        {
            // One byte is one token of the random models; a row is about as long as was asked.
            string text = string.Join(' ', Enumerable.Repeat("word", length / 5));
            await File.WriteAllLinesAsync(Path.Combine(work, "rows.jsonl"), Enumerable.Range(0, batch * steps).Select(i =>
                $$"""{"instruction": "{{text[..(text.Length / 2)]}} {{i}}", "output": "{{text[(text.Length / 2)..]}}"}"""));
            await File.WriteAllLinesAsync(Path.Combine(work, "prompts.jsonl"), Enumerable.Range(0, arguments.Number("prompts", 8)).Select(i => $$"""{"prompt": "{{text}} {{i}}"}"""));
            await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(work, "runs"))
                .AddPromptSets(new PromptSetConfig("prompts", DatasetSource.JsonLines(Path.Combine(work, "prompts.jsonl")), RecordMapping.Columns("prompt")) { MaxNewTokens = 8 }));
            var grid = new ExperimentGrid("memory")
            {
                Models = [ModelReference.Folder(folder) with { DataType = arguments.Text("type", "auto") switch { "f32" => DataType.Float32, "bf16" => DataType.BFloat16, _ => DataType.Auto } }],
                Methods = [arguments.Text("method", "lora")],
                Datasets =
                [
                    new FinetuneDatasetConfig("rows")
                    {
                        Source = DatasetSource.JsonLines(Path.Combine(work, "rows.jsonl")),
                        Mapping = RecordMapping.Columns(instruction: "instruction", output: "output"),
                        Count = batch * steps,
                    },
                ],
                Evaluators = ["attack-success@prompts"],
                Seeds = [0],
                Training = new TrainingOptions { BatchSize = batch, Steps = steps },
            };
            GridPlan plan = await runner.PlanAsync(grid);
            Console.WriteLine(plan);
            Console.WriteLine($"before: {ProcessMemory.Current / 1e6:N0} MB");
            var phases = new Phases();
            await runner.RunAsync(grid, phases);
            phases.Close();
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>The peak of each phase by itself.</summary>
    private sealed class Phases : IProgress<RunProgress>
    {
        private RunPhase? phase;

        public void Report(RunProgress value)
        {
            lock (this)
            {
                if (phase != value.Phase)
                {
                    Close();
                    phase = value.Phase;
                    ProcessMemory.ResetPeak();
                }
            }
        }

        public void Close()
        {
            if (phase is not null)
            {
                Console.WriteLine($"measured peak, {phase}: {ProcessMemory.Peak / 1e6:N0} MB");
            }
        }
    }
}
