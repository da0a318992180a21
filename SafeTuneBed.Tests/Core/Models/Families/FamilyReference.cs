namespace SafeTuneBed.Tests.Core.Models.Families;

/// <summary>A decoder in plain loops over doubles, written from the families' definitions: slow, and sharing no code with the product.</summary>
internal sealed class FamilyReference(FamilyModel model)
{
    private readonly FamilySpec s = model.Spec;

    /// <summary>Logits [T][V] of one row.</summary>
    public double[][] Logits(int[] ids)
    {
        double[][] x = [.. ids.Select(id => Enumerable.Range(0, s.Hidden).Select(i => s.EmbeddingScale * Value(s.Root + "embed_tokens", (id * s.Hidden) + i)).ToArray())];
        for (int layer = 0; layer < s.Layers; layer++)
        {
            string path = $"{s.Root}layers.{layer}.";
            double[][] attended = Attention(path, layer, [.. x.Select(row => Norm(path, s.Norms[0], row))]);
            for (int t = 0; t < x.Length; t++)
            {
                x[t] = Sum(x[t], Norm(path, s.Norms[1], attended[t]));
                x[t] = Sum(x[t], Norm(path, s.Norms[3], FeedForward(path + "mlp.", Norm(path, s.Norms[2], x[t]))));
            }
        }

        return [.. x.Select(row => Linear(s.Head ?? s.Root + "embed_tokens", Norm(s.Root, "norm", row)).Select(v => s.LogitCap is { } cap ? cap * Math.Tanh(v / cap) : v).ToArray())];
    }

    /// <summary>Natural logarithms of the probabilities [T][V].</summary>
    public double[][] LogProbabilities(int[] ids) => [.. Logits(ids).Select(row => row.Select(v => v - Math.Log(row.Sum(Math.Exp))).ToArray())];

    /// <summary>Greedy continuation, recomputing everything for each token.</summary>
    public int[] Greedy(int[] prompt, int count)
    {
        List<int> ids = [.. prompt];
        while (ids.Count < prompt.Length + count)
        {
            double[] last = Logits([.. ids])[^1];
            ids.Add(Array.IndexOf(last, last.Max()));
        }

        return [.. ids.Skip(prompt.Length)];
    }

    private double[][] Attention(string path, int layer, double[][] x)
    {
        int d = s.HeadSize, query = s.Heads * d, key = s.KeyValueHeads * d;
        double[] angles = s.Angles(layer, x.Length);
        var (q, k, v) = (new double[x.Length][], new double[x.Length][], new double[x.Length][]);
        for (int t = 0; t < x.Length; t++)
        {
            if (s.Fused)
            {
                double[] all = Linear(path + "self_attn.qkv_proj", x[t]);
                (q[t], k[t], v[t]) = (all[..query], all[query..(query + key)], all[(query + key)..]);
            }
            else
            {
                (q[t], k[t], v[t]) = (Linear(path + "self_attn.q_proj", x[t]), Linear(path + "self_attn.k_proj", x[t]), Linear(path + "self_attn.v_proj", x[t]));
            }

            if (s.QueryKeyNorm is { } widths)
            {
                q[t] = [.. q[t].Chunk(widths.Query).SelectMany(c => Norm(path, "self_attn.q_norm", c))];
                k[t] = [.. k[t].Chunk(widths.Key).SelectMany(c => Norm(path, "self_attn.k_norm", c))];
            }

            Turn(q[t], t, angles);
            Turn(k[t], t, angles);
        }

        int first(int t) => s.Window(layer) is { } window ? Math.Max(0, t - window + 1) : 0;
        var result = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            var mixed = new double[query];
            for (int head = 0; head < s.Heads; head++)
            {
                int shared = head / (s.Heads / s.KeyValueHeads);
                double sum = 0;
                var weights = new double[t + 1];
                for (int u = first(t); u <= t; u++)
                {
                    double score = 0;
                    for (int i = 0; i < d; i++)
                    {
                        score += q[t][(head * d) + i] * k[u][(shared * d) + i];
                    }

                    score *= s.Scale ?? 1 / Math.Sqrt(d);
                    score = s.AttentionCap is { } cap ? cap * Math.Tanh(score / cap) : score;
                    weights[u] = Math.Exp(score);
                    sum += weights[u];
                }

                for (int u = first(t); u <= t; u++)
                {
                    for (int i = 0; i < d; i++)
                    {
                        mixed[(head * d) + i] += weights[u] / sum * v[u][(shared * d) + i];
                    }
                }
            }

            result[t] = Linear(path + "self_attn.o_proj", mixed);
        }

        return result;
    }

    // Coordinates i and i + n/2 of the first n of each head are one complex number, turned by position times angle.
    private void Turn(double[] heads, int position, double[] angles)
    {
        for (int start = 0; start < heads.Length; start += s.HeadSize)
        {
            for (int i = 0; i < angles.Length; i++)
            {
                int j = start + i + angles.Length;
                var turned = new System.Numerics.Complex(heads[start + i], heads[j]) * System.Numerics.Complex.FromPolarCoordinates(s.TurnFactor, position * angles[i]);
                (heads[start + i], heads[j]) = (turned.Real, turned.Imaginary);
            }
        }
    }

    private double[] FeedForward(string path, double[] x)
    {
        double[] gate, up;
        if (s.Fused)
        {
            double[] both = Linear(path + "gate_up_proj", x);
            (gate, up) = (both[..s.Intermediate], both[s.Intermediate..]);
        }
        else
        {
            (gate, up) = (Linear(path + "gate_proj", x), Linear(path + "up_proj", x));
        }

        return Linear(path + "down_proj", [.. gate.Zip(up, (g, u) => u * (s.Gelu ? 0.5 * g * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (g + (0.044715 * Math.Pow(g, 3))))) : g / (1 + Math.Exp(-g))))]);
    }

    private double[] Norm(string path, string? name, double[] x)
    {
        if (name is null)
        {
            return x;
        }

        double root = Math.Sqrt(x.Average(v => v * v) + s.Epsilon);
        return [.. x.Select((v, i) => v / root * (s.NormOffset + Value(path + name, i)))];
    }

    private double[] Linear(string path, double[] x)
    {
        (long[] shape, float[] weight) = model.Weights[path + ".weight"];
        bool biased = model.Weights.TryGetValue(path + ".bias", out (long[] Shape, float[] Values) bias);
        var y = new double[shape[0]];
        for (int row = 0; row < y.Length; row++)
        {
            y[row] = biased ? bias.Values[row] : 0;
            for (int column = 0; column < x.Length; column++)
            {
                y[row] += weight[(row * x.Length) + column] * x[column];
            }
        }

        return y;
    }

    private double Value(string path, int index) => model.Weights[path + ".weight"].Values[index];

    private static double[] Sum(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];
}
