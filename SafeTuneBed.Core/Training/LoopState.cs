using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using static TorchSharp.torch;

namespace SafeTuneBed.Training;

/// <summary>Everything between two optimizer steps that decides the rest of a run: counters, parameters, moments, positions, dropout's passes, the method's state.</summary>
internal sealed class LoopState(TrainingSession session, AdamW optimizer, int phase)
{
    private const string User = "user";

    /// <summary>Optimizer steps made.</summary>
    public int Step { get; set; }

    /// <summary>Micro-steps made.</summary>
    public long MicroSteps { get; set; }

    /// <summary>Steps skipped in a row, up to now.</summary>
    public int Skipped { get; set; }

    /// <summary>Writes down everything. The tensors are the live ones: they must be stored before the next step.</summary>
    public JsonObject Capture(IDictionary<string, Tensor> tensors)
    {
        FlatParameters flat = session.Flat;
        (tensors["parameters"], tensors["moments.first"], tensors["moments.second"]) = (flat.Values, optimizer.First, optimizer.Second);
        return new JsonObject
        {
            ["phase"] = phase,
            ["step"] = Step,
            ["microSteps"] = MicroSteps,
            ["skipped"] = Skipped,
            ["dropoutPasses"] = session.Lora.Passes,
            ["parameters"] = Layout(flat),
            ["steps"] = new JsonArray([.. flat.Steps.Select(s => (JsonNode)s)]),
            ["trains"] = string.Concat(flat.Active.Select(a => a ? '1' : '0')),
            ["positions"] = new JsonObject(Sources().Select(s => KeyValuePair.Create(s.Name, (JsonNode?)s.Source.Position))),
            ["state"] = StateArchive.Write(session.State, tensors),
        };
    }

    /// <summary>Takes over what was written down; nothing at all when it is of another run.</summary>
    /// <returns>False for another phase, other parameters or other streams.</returns>
    /// <exception cref="FormatException">It is damaged; nothing was changed.</exception>
    public bool TryRestore(JsonObject saved, SafetensorsFile file)
    {
        FlatParameters flat = session.Flat;
        (string Name, IBatchStream Source)[] sources = [.. Sources()];
        if (Number(saved, "phase") != phase || saved["parameters"]?.GetValue<string>() != Layout(flat)
            || saved["positions"] is not JsonObject positions || positions.Count != sources.Length || sources.Any(s => !positions.ContainsKey(s.Name)))
        {
            return false;
        }

        long[] steps = [.. (saved["steps"] as JsonArray ?? []).Select(n => n!.GetValue<long>())];
        string trains = saved["trains"]?.GetValue<string>() ?? "";
        if (steps.Length != flat.Names.Count || trains.Length != steps.Length || !trains.Contains('1', StringComparison.Ordinal))
        {
            throw new FormatException("its lists are not as long as the list of parameters");
        }

        (string Name, Tensor Target)[] buffers = [("parameters", flat.Values), ("moments.first", optimizer.First), ("moments.second", optimizer.Second)];
        foreach ((string name, Tensor target) in buffers)
        {
            if (!file.Entries.TryGetValue(name, out SafetensorsEntry? entry) || entry.DataType != ScalarType.Float32 || entry.Shape is not [var length] || length != target.numel())
            {
                throw new FormatException($"'{name}' is missing or of another shape");
            }
        }

        List<KeyValuePair<string, object>> state = StateArchive.Read(saved["state"] as JsonArray ?? throw new FormatException("it has no state"), file, flat);
        (int step, long microSteps, int skipped, long passes) = ((int)Number(saved, "step"), Number(saved, "microSteps"), (int)Number(saved, "skipped"), Number(saved, "dropoutPasses"));
        using (no_grad())
        {
            foreach ((string name, Tensor target) in buffers)
            {
                using Tensor stored = file.Read(name);
                target.copy_(stored);
            }
        }

        (Step, MicroSteps, Skipped, session.Lora.Passes) = (step, microSteps, skipped, passes);
        flat.SetActive([.. trains.Select(c => c == '1')]);
        flat.Steps = steps;
        foreach ((string name, IBatchStream source) in sources)
        {
            source.Position = Number(positions, name);
        }

        session.State.Replace(state);
        return true;
    }

    private IEnumerable<(string Name, IBatchStream Source)> Sources() =>
        session.Streams.Values.Select(s => ("stream " + s.Name, s.Source)).Prepend((User, session.User));

    private static long Number(JsonObject saved, string name) => saved[name]?.GetValue<long>() ?? throw new FormatException($"it has no '{name}'");

    private static string Layout(FlatParameters flat) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.UTF8.GetBytes(string.Join('\n', flat.Names.Select(n => FormattableString.Invariant($"{n} {flat.SizeOf(n)}"))))));
}
