using SafeTuneBed;
using ThirdParty;

// What a lab does with its defense: the battery, then a grid beside the controls. Ends with 1 where something is not as promised.
ConformanceReport conformance = await MethodConformance.VerifyAsync<DriftBrakeAlgorithm, DriftBrakeOptions>();
Console.Write(conformance);
conformance.ThrowIfFailed();

await using var runner = ExperimentRunner.Create(bed => bed.AddMethods().AddMethodsFrom(typeof(DriftBrakeAlgorithm).Assembly).AddEvaluators().UseRunFolder(args[0]));
GridReport report = await runner.RunAsync(new ExperimentGrid("third-party")
{
    Models = [ModelReference.Sandbox],
    Methods = ["none", "lora", "drift-brake"],
    Datasets = [FinetuneDatasets.Sandbox.Sentiment.HighHarm],
    Evaluators = ["attack-success"],
    Training = new TrainingOptions { Steps = 12 },
    Overlays = [new ExperimentOverlay("drift-brake") { Options = new Dictionary<string, object?> { ["Rho"] = 0.3 } }],
});
foreach (var row in report.ToTable().Rows)
{
    Console.WriteLine(string.Join(" | ", row));
}

return report.Rows.Count == 3 && report.Rows.Any(r => r.Method == "drift-brake") ? 0 : 1;
