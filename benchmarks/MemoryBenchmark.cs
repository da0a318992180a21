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
            await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddEvaluators().UseRunFolder(Path.Combine(work, "runs")));
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
                Evaluators = ["attack-success@sandbox"],
                Seeds = [0],
                Training = new TrainingOptions { BatchSize = batch, Steps = steps },
            };
            GridPlan plan = await runner.PlanAsync(grid);
            Console.WriteLine(plan);
            await runner.RunAsync(grid);
            Console.WriteLine($"measured peak of the process: {ProcessMemory.Peak / 1e6:N0} MB");
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
